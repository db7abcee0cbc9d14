"""« Partage » in the admin: who may, what it makes and what it refuses, and nothing of another cooperative."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns.ambassadors import AmbassadorForm
from campaigns.models import Ambassador, CampaignPage, Dossier
from home.models import Role
from home.tenancy import within
from pledges.links import contribution_token, share_code
from tests.factories.campaigns import make_campaign, make_campaign_page
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge

#: What a missing address below /admin/ answers: the language middleware leads it to /fr/admin/, where nothing is.
NOT_FOUND = 302


def page_of(campaign):
    with within(campaign.cooperative):
        return CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")


def logged_in(cooperative, role=Role.EDITOR):
    client = Client(HTTP_HOST=cooperative.site.hostname)
    client.force_login(make_user(cooperative, role))
    return client


def sharing(page, name="campaign_sharing", *more):
    return reverse(name, args=[page.pk, *more])


@pytest.fixture
def editor(cooperative):
    return logged_in(cooperative)


def values(html):
    """What stands in the fields to copy from."""
    inputs = re.findall(r'<input type="text" value="([^"]*)" readonly>', html)
    return [unescape(one) for one in inputs + re.findall(r"<textarea rows=\"3\" readonly>(.*?)</textarea>", html)]


def test_the_page_offers_what_may_be_passed_on(campaign, cooperative, editor):
    page = page_of(campaign)
    found = values(editor.get(sharing(page)).content.decode())
    frames = [one for one in found if one.startswith("<iframe")]
    root = "http://meule.localhost"
    assert [re.search(r'src="([^"]+)"', one).group(1) for one in frames] == [
        f"{root}/fr/campagnes/{campaign.pk}/widget/?via=widget",
        f"{root}/en/campaigns/{campaign.pk}/widget/?via=widget",
    ]
    assert f"{root}/fr/campagnes/{campaign.pk}/chiffres.json" in found
    with within(cooperative):
        for reward in campaign.rewards.all():
            assert f"{root}/fr/campagnes/{campaign.pk}/contreparties/{reward.pk}/" in found


def test_a_draft_offers_no_frame_yet(cooperative, editor):
    html = editor.get(sharing(make_campaign_page(cooperative, publish=False))).content.decode()
    assert "<iframe" not in "".join(values(html))


def test_the_preview_link_is_made_shown_and_revoked(cooperative, editor):
    page = make_campaign_page(cooperative, publish=False)
    assert values(editor.get(sharing(page)).content.decode()) == []
    assert editor.post(sharing(page, "campaign_sharing_preview"), {"act": "make"}).status_code == 302
    links = values(editor.get(sharing(page)).content.decode())
    assert [link.split("/")[3:5] for link in links] == [["fr", "apercu"], ["en", "preview"]]
    reader = Client(HTTP_HOST="meule.localhost")
    assert reader.get(links[0].split("localhost", 1)[1]).status_code == 200
    editor.post(sharing(page, "campaign_sharing_preview"), {"act": "revoke"})
    assert values(editor.get(sharing(page)).content.decode()) == []
    assert reader.get(links[0].split("localhost", 1)[1]).status_code == 404


def test_reading_makes_nothing(cooperative, editor):
    page = make_campaign_page(cooperative, publish=False)
    editor.get(sharing(page))
    editor.post(sharing(page, "campaign_sharing_preview"), {"act": "else"})
    with within(cooperative):
        assert Dossier.objects.count() == 0


def add(client, page, **data):
    return client.post(sharing(page, "campaign_sharing_add"), {"name": "", "code": ""} | data)


def known(campaign):
    with within(campaign.cooperative):
        return [(one.name, one.code) for one in Ambassador.objects.all()]


def test_an_ambassador_is_added_renamed_and_removed(campaign, editor):
    page = page_of(campaign)
    assert add(editor, page, name="Marché du samedi").status_code == 302
    assert add(editor, page, name="Rosalie", code="Rosalie-T").status_code == 302
    assert known(campaign) == [("Marché du samedi", "marche-du-samedi"), ("Rosalie", "rosalie-t")]
    make_pledge(campaign, via="rosalie-t")
    html = editor.get(sharing(page)).content.decode()
    links = [one for one in values(html) if "?via=rosalie-t" in one]
    assert len(links) == 2
    assert Client(HTTP_HOST="meule.localhost").get(links[0].split("localhost", 1)[1]).status_code == 200
    row = html.split("Rosalie<div")[1].split("</tr>")[0]
    assert re.findall(r'<td class="sharing__number">([^<]+)</td>', row) == ["1", "30,00\u00a0$"]
    with within(campaign.cooperative):
        one = Ambassador.objects.get(code="rosalie-t")
    change = sharing(page, "campaign_sharing_ambassador", one.pk)
    editor.post(change, {f"{one.pk}-name": "Rosalie Tremblay", "act": "rename"})
    assert known(campaign) == [("Marché du samedi", "marche-du-samedi"), ("Rosalie Tremblay", "rosalie-t")]
    editor.post(change, {"act": "remove"})
    assert known(campaign) == [("Marché du samedi", "marche-du-samedi")]
    assert "rosalie-t" in editor.get(sharing(page)).content.decode().split("Venu aussi par")[1]


@pytest.mark.parametrize(
    ("data", "field", "words"),
    [
        ({"name": ""}, "name", "Entrez le nom de la personne."),
        ({"name": "x" * 121}, "name", "120"),
        ({"name": "Deux", "code": "prise"}, "code", "Ce code est déjà celui de Une. Choisissez-en un autre."),
        ({"name": "Deux", "code": "PRISE"}, "code", "Ce code est déjà celui de Une. Choisissez-en un autre."),
        ({"name": "Prise"}, "code", "Ce code est déjà celui de Une. Choisissez-en un autre."),
        ({"name": "Deux", "code": "é t é"}, "code", "Employez des lettres sans accent"),
        ({"name": "Deux", "code": "-a"}, "code", "Employez des lettres sans accent"),
        ({"name": "Deux", "code": "<b>"}, "code", "Employez des lettres sans accent"),
        ({"name": "中文"}, "code", "Employez des lettres sans accent"),
        ({"name": "Deux", "code": "c-abcdefgh"}, "code", "sont ceux des contributrices et contributeurs"),
        ({"name": "Deux", "code": "a" * 61}, "code", "60"),
    ],
)
def test_what_cannot_be_a_code_is_said_at_its_field_and_kept(campaign, editor, data, field, words):
    page = page_of(campaign)
    add(editor, page, name="Une", code="prise")
    response = add(editor, page, **data)
    form = response.context_data["form"]
    assert response.status_code == 200
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]
    assert form["code"].value() == data.get("code", "")
    assert known(campaign) == [("Une", "prise")]


def test_an_empty_name_is_said_at_the_row_and_changes_nothing(campaign, editor):
    page = page_of(campaign)
    add(editor, page, name="Une", code="une")
    with within(campaign.cooperative):
        row = Ambassador.objects.get()
    response = editor.post(sharing(page, "campaign_sharing_ambassador", row.pk), {f"{row.pk}-name": " "})
    assert list(response.context_data["lines"][0].form.errors) == ["name"]
    assert known(campaign) == [("Une", "une")]


def test_a_draft_gets_its_terms_with_its_first_ambassador(cooperative, editor):
    page = make_campaign_page(cooperative, publish=False)
    assert add(editor, page, name="Une").status_code == 302
    with within(cooperative):
        assert Ambassador.objects.get().campaign.state == "draft"


def test_a_draft_without_a_goal_says_what_is_missing(cooperative, editor):
    page = make_campaign_page(cooperative, publish=False, goal=None)
    assert "un objectif et une date de fin" in editor.get(sharing(page)).content.decode()
    assert add(editor, page, name="Une").status_code == NOT_FOUND


@pytest.mark.parametrize("role", [Role.ADVISER, Role.TREASURER])
def test_other_roles_are_refused(campaign, cooperative, role):
    client, page = logged_in(cooperative, role), page_of(campaign)
    assert client.get(sharing(page)).status_code == 302
    assert add(client, page, name="Une").status_code == 302
    assert known(campaign) == []


def test_another_cooperative_s_page_is_not_found_and_not_touched(campaign, outsider):
    client, page = logged_in(outsider), page_of(campaign)
    with within(campaign.cooperative):
        row = Ambassador.objects.create(
            cooperative=campaign.cooperative, campaign=campaign, name="Une", code="une", created_at=campaign.launched_at
        )
    theirs = page_of(make_campaign(outsider, title="La leur"))
    refused = [
        client.get(sharing(page)),
        add(client, page, name="Deux"),
        client.post(sharing(page, "campaign_sharing_preview"), {"act": "make"}),
        client.post(sharing(page, "campaign_sharing_ambassador", row.pk), {"act": "remove"}),
        client.post(sharing(theirs, "campaign_sharing_ambassador", row.pk), {"act": "remove"}),
    ]
    assert [answer.status_code for answer in refused] == [NOT_FOUND] * 5
    assert known(campaign) == [("Une", "une")]
    with within(campaign.cooperative):
        assert Dossier.objects.count() == 0


def test_the_editor_s_page_leads_here(campaign, cooperative, editor):
    page = page_of(campaign)
    html = editor.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    assert f'href="{sharing(page)}"' in html


def test_the_same_code_may_stand_in_another_cooperative(campaign, outsider):
    theirs = make_campaign(outsider, title="La leur")
    for one in (campaign, theirs):
        add(logged_in(one.cooperative), page_of(one), name="Une", code="une")
    assert (known(campaign), known(theirs)) == ([("Une", "une")], [("Une", "une")])
    with within(outsider):
        assert AmbassadorForm({"name": "x", "code": "une"}, campaign=theirs).is_valid() is False


@pytest.mark.parametrize("language", ["fr", "en"])
def test_my_contribution_offers_my_own_link(campaign, cooperative, on_host, language):
    pledge = make_pledge(campaign)
    with translation.override(language):
        url = reverse("contribution", args=[contribution_token(pledge)])
    html = on_host(cooperative).get(url).content.decode()
    shared = unescape(re.search(r'id="share-url" type="text" value="([^"]+)"', html).group(1))
    assert shared.endswith(f"/?via={share_code(pledge)}")
    assert f"/{language}/" in shared
    assert "contreparties/" not in html
