"""The link that ends a topic's news: a GET asks, a POST acts, from the page or in one click by a mail client."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.core import signing

from home import backing, clock, links
from home.mail import unsubscribing
from home.models import NewsConsent, OutgoingMail
from home.tenancy import within
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, tell
from updates.enums import MissingLanguage
from updates.sending import send_news


@pytest.fixture
def mail(campaign):
    with within(campaign.cooperative):
        tell(make_pledge(campaign, language="en", email="a@x.example").backer, campaign)
        send_news(make_update(campaign), by=None, missing_language=MissingLanguage.NONE)
        return OutgoingMail.objects.select_related("backer", "cooperative__site").get()


def test_a_link_is_signed_as_django_signs():
    """Links that are in mails already stay what they were."""
    token = links.sign("unsubscribe", "1:é", lasts=timedelta(days=1), generation=2)
    said = links.read("unsubscribe", token)
    signer = signing.Signer(salt="tremplin.link.unsubscribe")
    assert signer.sign_object([said.subject, said.generation, int(said.expires_at.timestamp())]) == token


def path_of(mail):
    return urlsplit(unsubscribing.url_for(mail)).path


def wants(mail, campaign):
    with within(campaign.cooperative):
        return backing.wants_news(mail.backer, campaign.translation_key)


def test_opening_it_changes_nothing(mail, campaign, on_host):
    client = on_host(campaign.cooperative)
    for method in (client.get, client.head):
        assert method(path_of(mail)).status_code == 200
    assert wants(mail, campaign)
    assert "a@x.example" in client.get(path_of(mail)).content.decode()


def test_one_click_needs_no_cookie_and_no_token(mail, campaign, on_host):
    client = on_host(campaign.cooperative)
    client.handler.enforce_csrf_checks = True
    response = client.post(path_of(mail), {"List-Unsubscribe": "One-Click"})
    assert (response.status_code, wants(mail, campaign)) == (200, False)
    assert client.post(path_of(mail)).status_code == 200


def test_the_proof_of_consent_stays(mail, campaign, on_host):
    on_host(campaign.cooperative).post(path_of(mail))
    with within(campaign.cooperative):
        consent = NewsConsent.objects.get()
    assert consent.withdrawn_at is not None
    assert consent.text == "Je veux recevoir les nouvelles."


def test_it_ends_one_topic_only(mail, campaign, cooperative, on_host):
    other = make_campaign(cooperative, title="Autre", slug="autre")
    tell(mail.backer, other)
    on_host(cooperative).post(path_of(mail))
    with within(cooperative):
        assert backing.wants_news(mail.backer, other.translation_key)
    assert not wants(mail, campaign)


def test_another_cooperatives_host_knows_nothing_of_it(mail, campaign, outsider, on_host):
    make_campaign(outsider)
    client = on_host(outsider)
    for method in (client.get, client.post):
        assert method(path_of(mail)).status_code == 410
    assert wants(mail, campaign)


@pytest.mark.parametrize("spoil", [lambda path: path[:-3] + "xx/", lambda path: "/en/unsubscribe/nonsense/"])
def test_a_spoilt_link_opens_nothing(mail, campaign, on_host, spoil):
    assert on_host(campaign.cooperative).post(spoil(path_of(mail))).status_code == 410
    assert wants(mail, campaign)


def test_it_works_for_years_and_then_no_more(mail, campaign, on_host):
    path, client = path_of(mail), on_host(campaign.cooperative)
    with time_machine.travel(clock.now() + timedelta(days=4 * 365)):
        assert client.get(path).status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=6 * 365)):
        assert client.get(path).status_code == 410


def later(days=6 * 365):
    return time_machine.travel(clock.now() + timedelta(days=days))


def sent_again(campaign):
    with within(campaign.cooperative):
        rows = OutgoingMail.objects.filter(kind="unsubscribe_link").select_related("backer", "cooperative__site")
        return list(rows.order_by("pk"))


def test_when_its_time_is_over_another_one_is_mailed_to_the_address_on_file(mail, campaign, on_host):
    path, client = path_of(mail), on_host(campaign.cooperative)
    with later():
        assert "Send me a new link" in client.get(path).content.decode()
        client.post(path, {"List-Unsubscribe": "One-Click"})
        assert sent_again(campaign) == []
        answer = client.post(path, {"again": "1"})
        [again] = sent_again(campaign)
        assert (answer.status_code, again.address, again.language) == (410, "a@x.example", "en")
        for _asked in range(4):
            client.post(path, {"again": "1"})
        assert len(sent_again(campaign)) == 3
        assert wants(mail, campaign)
        assert client.post(path_of(again)).status_code == 200
        assert not wants(mail, campaign)


def test_who_asks_for_another_one_is_told_the_same_whatever_the_link(mail, campaign, outsider, on_host):
    make_campaign(outsider)
    path = path_of(mail)
    with later():
        ours, forged = path, "/en/unsubscribe/nonsense/"
        client = on_host(campaign.cooperative)
        said = [client.post(one, {"again": "1"}).content.partition(b"<main")[2] for one in (ours, forged)]
        assert said[0] == said[1]
        assert len(sent_again(campaign)) == 1
        on_host(outsider).post(path, {"again": "1"})
        assert len(sent_again(campaign)) == 1
    on_host(campaign.cooperative).post("/en/unsubscribe/nonsense/", {"again": "1"})
    assert len(sent_again(campaign)) == 1


def test_it_speaks_the_readers_language(mail):
    assert path_of(mail).startswith("/en/")
    mail.language = "fr"
    assert path_of(mail).startswith("/fr/")


def test_a_yes_after_a_no_is_a_new_one(mail, campaign):
    with within(campaign.cooperative):
        assert backing.withdraw_news(mail.backer, campaign.translation_key)
        assert not backing.withdraw_news(mail.backer, campaign.translation_key)
        tell(mail.backer, campaign)
        tell(mail.backer, campaign)
        assert NewsConsent.objects.count() == 2
    assert wants(mail, campaign)
