"""A form sent from a page that is out of date, and too many attempts: nothing is done, nothing typed is lost."""

import html
import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns.enums import FundingModel
from campaigns.models import RewardStock
from home import clock, links
from home.attempts import Limit
from home.mail import composing
from home.models import Cooperative, OutgoingMail
from home.tasks import keep_to_retention
from home.tenancy import within
from pledges import continuing, guarding
from pledges.forms import quantity_name
from pledges.models import Continuation, Pledge
from tests.factories.campaigns import make_campaign
from tests.pledges.test_choosing import confirmed, form_data

CONFIRM = {"confirm": "1", "consent": "1"}
OVER = {"fr": "Ce lien ne fonctionne plus", "en": "This link no longer works"}
STALE = {
    "fr": "Cette page est restée ouverte longtemps. Vos réponses sont conservées\u00a0: vérifiez-les et continuez.",
    "en": "This page was open for a long time. Your answers are kept: check them and continue.",
}
MANY = {
    "fr": "Il y a eu beaucoup d’essais depuis ce réseau. Réessayez dans [\\d\\s]+ minutes, "
    "ou recevez un lien par courriel pour continuer.",
    "en": "There have been many attempts from this network. Try again in [\\d,]+ minutes, "
    "or get a link by email to continue.",
}
LANGUAGES = pytest.mark.parametrize("language", ["fr", "en"])


def url(name, *args, language="en"):
    with translation.override(language):
        return reverse(name, args=args)


def text_of(page):
    return html.unescape(page.content.decode())


@pytest.fixture
def campaign(shop):
    return make_campaign(shop, funding_model=FundingModel.FLEXIBLE)


@pytest.fixture
def visitor(campaign, on_host):
    client = on_host(campaign.cooperative)
    client.defaults["REMOTE_ADDR"] = "203.0.113.5"
    return client


def hidden(page):
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode()))


def pledges(campaign):
    with within(campaign.cooperative):
        return Pledge.objects.count()


# A page out of date


@LANGUAGES
def test_a_form_whose_token_is_over_comes_back_as_it_was(campaign, language):
    strict = Client(enforce_csrf_checks=True, HTTP_HOST=campaign.cooperative.site.hostname)
    with within(campaign.cooperative):
        box = campaign.rewards.last()
    data = confirmed((box, 2), extra="5", message="Bravo", csrfmiddlewaretoken="x" * 64)
    page = strict.post(url("contribute_review", campaign.pk, language=language), data)
    assert (page.status_code, pledges(campaign)) == (403, 0)
    assert STALE[language] in text_of(page)
    form = page.context["form"]
    assert [form[name].value() for name in (quantity_name(box), "extra", "message", "email")] == [
        "2", "5", "Bravo", "camille@example.com",
    ]  # fmt: skip
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.content.decode()).group(1)
    again = strict.post(url("contribute_review", campaign.pk, language=language), data | {"csrfmiddlewaretoken": token})
    assert (again.status_code, pledges(campaign)) == (303, 1)


@LANGUAGES
def test_another_form_whose_token_is_over_says_what_to_do(campaign, language):
    strict = Client(enforce_csrf_checks=True, HTTP_HOST=campaign.cooperative.site.hostname)
    page = strict.post(url("contribution_link", language=language), {"email": "a@x.example"})
    assert page.status_code == 403
    said = {"fr": "Cette page est restée ouverte longtemps.", "en": "This page was open for a long time."}
    assert said[language] in text_of(page)
    assert "CSRF" not in text_of(page)


@LANGUAGES
def test_terms_that_changed_since_the_review_are_agreed_to_anew(visitor, campaign, language):
    """What is kept word for word with a pledge is what its backer read."""
    address = url("contribute_review", campaign.pk, language=language)
    review = visitor.post(address, form_data(extra="45"))
    Cooperative.objects.filter(pk=campaign.cooperative_id).update(legal_name="Une autre raison sociale")
    sent = hidden(review) | {"confirm": "1", "consent": "1"}
    page = visitor.post(address, sent)
    assert (page.status_code, pledges(campaign)) == (200, 0)
    assert STALE[language] in text_of(page)
    assert "Une autre raison sociale" in text_of(page)
    assert hidden(page)["extra"] == "45"
    assert visitor.post(address, hidden(page) | {"confirm": "1", "consent": "1"}).status_code == 303


def test_terms_that_did_not_change_are_agreed_to_at_once(visitor, campaign):
    review = visitor.post(url("contribute_review", campaign.pk), form_data(extra="45"))
    answer = visitor.post(url("contribute_review", campaign.pk), hidden(review) | {"confirm": "1", "consent": "1"})
    assert (answer.status_code, pledges(campaign)) == (303, 1)


# Too many attempts


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(guarding, "SESSIONS", Limit("contribute", most=2, within=timedelta(days=1000)))


def agreed(visitor, campaign, language="en", **fields):
    data = confirmed(extra="45", message="Bravo", attempt=str(uuid.uuid4()), **fields)
    return visitor.post(url("contribute_review", campaign.pk, language=language), data)


@LANGUAGES
def test_too_many_attempts_from_one_network_wait_and_lose_nothing(visitor, campaign, few, language):
    assert [agreed(visitor, campaign).status_code for _ in range(2)] == [303, 303]
    page = agreed(visitor, campaign, language)
    assert (page.status_code, int(page["Retry-After"]) > 0, pledges(campaign)) == (429, True, 2)
    assert re.search(MANY[language], text_of(page))
    assert (hidden(page)["extra"], hidden(page)["message"]) == ("45", "Bravo")
    visitor.defaults["REMOTE_ADDR"] = "203.0.113.9"
    assert agreed(visitor, campaign).status_code == 303


@LANGUAGES
def test_a_link_by_email_goes_on_where_the_network_may_not(visitor, campaign, few, language):
    """With all that was typed, once, for the address it was sent to."""
    with within(campaign.cooperative):
        box = campaign.rewards.last()
    for _ in range(3):
        agreed(visitor, campaign)
    data = form_data((box, 2), extra="5", message="Bravo", consent="1", link="1", language=language)
    for _ in range(5):
        page = visitor.post(url("contribute_review", campaign.pk, language=language), data)
        assert page.status_code == 200
    message = mailed(campaign)
    address = re.search(r"http://[^/\s]+(/\S*contin\S+)", message.body).group(1)
    assert html.escape(address) in message.alternatives[0].content
    before = pledges(campaign)
    page = visitor.get(address)
    assert (page.status_code, page["Referrer-Policy"], pledges(campaign)) == (200, "strict-origin", before)
    assert not any(secret in text_of(page) for secret in ("Camille", "camille", "Bravo"))
    answer = visitor.post(address)
    assert (answer.status_code, pledges(campaign)) == (303, before + 1)
    with within(campaign.cooperative):
        made = Pledge.objects.latest("pk")
        assert (made.message, made.extra, [item.quantity for item in made.items.all()]) == ("Bravo", 500, [2])
    again = visitor.post(address)
    assert (again["Location"], pledges(campaign)) == (answer["Location"], before + 1)


def mailed(campaign):
    with within(campaign.cooperative):
        mails = list(OutgoingMail.objects.filter(kind="contribution_link").select_related("cooperative__site"))
        assert len(mails) == continuing.MOST
        return composing.compose(mails[0])


def link_for(campaign, email="camille@example.com", **typed):
    """The token of a link that was mailed."""
    with within(campaign.cooperative):
        continuing.send(campaign, email=email, language="en", typed=confirmed(extra="45") | typed)
        return continuing.token_of(Continuation.objects.latest("pk").pk)


def test_a_link_serves_the_address_it_was_sent_to_and_one_contribution(visitor, campaign, few):
    for _ in range(3):
        agreed(visitor, campaign)
    go = link_for(campaign)
    assert agreed(visitor, campaign, go="x" * 40).status_code == 429
    assert agreed(visitor, campaign, go=go, email="someone@else.example").status_code == 429
    assert agreed(visitor, campaign, go=go).status_code == 303
    assert agreed(visitor, campaign, go=go).status_code == 429


def test_a_link_of_another_campaign_or_purpose_opens_nothing(visitor, campaign, few, shop):
    other = make_campaign(shop, title="Autre", slug="autre")
    for _ in range(3):
        agreed(visitor, campaign)
    for token in (link_for(other), links.sign("unsubscribe", "1", lasts=timedelta(days=1))):
        assert agreed(visitor, campaign, go=token).status_code == 429


@LANGUAGES
def test_a_link_that_is_over_says_so_and_what_was_typed_is_forgotten(visitor, campaign, language, settings, tmp_path):
    settings.CLOCK_FILE = tmp_path / "clock"
    token = link_for(campaign)
    clock.advance(timedelta(days=2, minutes=1))
    keep_to_retention.call()
    with within(campaign.cooperative):
        assert not Continuation.objects.exists()
    pages = {visitor.get(url("contribute_continue", one, language=language)) for one in (token, "x", token[:-1])}
    assert {page.status_code for page in pages} == {410}
    assert all(OVER[language] in text_of(page) for page in pages)


def test_what_was_not_agreed_to_yet_is_reviewed_first(visitor, campaign):
    with within(campaign.cooperative):
        typed = form_data(extra="45")
        continuing.send(campaign, email="camille@example.com", language="en", typed=typed)
        token = continuing.token_of(Continuation.objects.get().pk)
    page = visitor.post(url("contribute_continue", token))
    assert (page.status_code, hidden(page)["go"], pledges(campaign)) == (200, token, 0)
    assert visitor.post(url("contribute_review", campaign.pk), hidden(page) | CONFIRM).status_code == 303


def test_a_link_is_not_used_up_by_what_was_refused(visitor, campaign):
    with within(campaign.cooperative):
        box = campaign.rewards.last()
        typed = confirmed((box, 1))
        continuing.send(campaign, email="camille@example.com", language="en", typed=typed)
        row = Continuation.objects.get()
        RewardStock.objects.update(held=10)
        assert visitor.post(url("contribute_continue", continuing.token_of(row.pk))).status_code == 200
        row.refresh_from_db()
        assert (row.used_for, pledges(campaign)) == (None, 0)
        RewardStock.objects.update(held=0)
    assert visitor.post(url("contribute_continue", continuing.token_of(row.pk))).status_code == 303
