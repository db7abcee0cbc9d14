"""« Prévenez-moi »: a form at its own address, the same answer to everyone, and no form on the campaign's page."""

import pytest

from campaigns import launching
from campaigns.models import CampaignPage, CampaignState
from home.models import Backer, NewsConsent
from home.tenancy import within
from tests.factories.reviews import make_announced, make_approved, terms_of

FORM, NOTED = "/fr/campagne/{}/prevenez-moi/", "/fr/campagne/{}/note/"


@pytest.fixture
def announced(cooperative):
    with within(cooperative):
        return make_announced(cooperative)


def post(client, campaign, **data):
    return client.post(FORM.format(campaign.pk), {"email": "a@x.example", "language": "en"} | data)


def consents(cooperative):
    with within(cooperative):
        return list(NewsConsent.objects.values_list("backer__email", "language"))


def test_an_announced_page_says_so_holds_no_form_and_takes_no_pledge(announced, visit):
    page = visit(announced, "fr")
    assert "Précampagne" in page
    assert f'href="{FORM.format(announced.pk)}"' in page
    assert 'method="post"' not in page
    assert "/contribuer/" not in page
    assert "Terminée" not in page


def test_the_opening_is_dated_where_it_is_known(announced, visit):
    from datetime import UTC, datetime

    with within(announced.cooperative):
        launching.schedule(announced, datetime(2030, 10, 1, 13, tzinfo=UTC))
    assert "Ouverture le 1er octobre 2030" in visit(announced, "fr")
    assert "Opens October 1, 2030" in visit(announced, "en")


def test_asking_twice_or_in_capitals_changes_nothing_and_answers_the_same(announced, on_host):
    client = on_host(announced.cooperative)
    answers = [post(client, announced, email=email) for email in ("a@x.example", " A@X.example", "a@x.example")]
    assert {(answer.status_code, answer.url) for answer in answers} == {(302, NOTED.format(announced.pk))}
    assert consents(announced.cooperative) == [("a@x.example", "en")]
    assert "C’est noté" in client.get(NOTED.format(announced.pk)).content.decode()


@pytest.mark.parametrize(
    "data", [{"email": ""}, {"email": "a@x"}, {"language": "de"}, {"email": "a" * 300 + "@x.example"}]
)
def test_what_was_typed_is_kept_and_the_field_says_what_is_missing(announced, on_host, data):
    answer = post(on_host(announced.cooperative), announced, **data)
    assert answer.status_code == 200
    assert 'class="error"' in answer.content.decode()
    assert (data.get("email") or "a@x.example") in answer.content.decode() or data == {"email": ""}
    assert consents(announced.cooperative) == []


def test_looking_at_the_form_changes_nothing(announced, on_host):
    client = on_host(announced.cooperative)
    for method in (client.get, client.head):
        assert method(FORM.format(announced.pk)).status_code == 200
    with within(announced.cooperative):
        assert Backer.objects.count() == 0


def test_a_campaign_that_is_open_is_shown_instead(announced, on_host):
    with within(announced.cooperative):
        page = CampaignPage.objects.get(translation_key=announced.translation_key, locale__language_code="fr")
        launching.launch(page, announced, by=None)
    assert post(on_host(announced.cooperative), announced).status_code == 302
    assert consents(announced.cooperative) == []


def test_a_draft_and_another_cooperative_s_campaign_are_not_found(announced, outsider, on_host):
    with within(announced.cooperative):
        draft = terms_of(make_approved(announced.cooperative, title="Autre"))
    assert draft.state == CampaignState.APPROVED
    for client, campaign in ((on_host(announced.cooperative), draft), (on_host(outsider), announced)):
        for address in (FORM, NOTED):
            assert client.get(address.format(campaign.pk)).status_code == 404
        assert post(client, campaign).status_code == 404
