"""« Recevoir les nouvelles », for who does not contribute: asked for, confirmed from the address itself, and sent."""

import html
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from campaigns import queries
from home import backing, clock, links
from home.attempts import Limit
from home.mail import composing, unsubscribing
from home.mail.registry import Category, kind_of
from home.models import Backer, NewsConsent, OutgoingMail
from home.tenancy import within
from pledges import subscribing
from pledges.enums import PledgeState
from pledges.views import wishing
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.pledges import make_backer, make_pledge
from tests.updates.making import make_update, tell
from updates import audience
from updates.enums import MailingKind, MissingLanguage
from updates.sending import send_news

TEXTS = {
    "fr": "Je veux recevoir par courriel les nouvelles de cette campagne. Je peux me désabonner en tout temps.",
    "en": "Send me this campaign's news by email. I can unsubscribe at any time.",
}


def url(name, *args, language="en"):
    with translation.override(language):
        return reverse(name, args=args)


def words(response):
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(text).split())


@pytest.fixture(autouse=True)
def scope(inside):
    return inside


@pytest.fixture
def visitor(campaign, on_host):
    return on_host(campaign.cooperative)


def ask(client, campaign, **data):
    return client.post(url("campaign_news", campaign.pk), {"email": "a@x.example", "language": "fr"} | data)


def waiting():
    mails = OutgoingMail.objects.filter(kind="news_to_confirm").select_related("cooperative__site", "backer")
    return list(mails.order_by("pk"))


def link_in(mail):
    """The button of the mail, as a path."""
    return re.search(rf"{re.escape(mail.cooperative.root_url)}(/\S+)", composing.compose(mail).body).group(1)


def test_the_campaign_and_the_page_of_its_end_lead_to_the_form(visitor, campaign):
    form = f'href="{url("campaign_news", campaign.pk)}"'
    page = visitor.get(queries.page_in(campaign, "en").get_url()).content.decode()
    assert form in page and 'method="post"' not in page
    end_now(campaign)
    closed = visitor.get(url("contribute", campaign.pk)).content.decode()
    assert form in closed and "Get the news" in closed


@pytest.mark.parametrize("language", ["fr", "en"])
def test_from_the_form_to_the_consent_in_ones_own_language(visitor, campaign, language):
    answer = ask(visitor, campaign, language=language)
    assert (answer.status_code, answer.url) == (303, url("campaign_news_noted", campaign.pk))
    assert "An email is on its way" in words(visitor.get(answer.url))
    [mail] = waiting()
    assert (mail.address, mail.language, kind_of(mail.kind).category) == ("a@x.example", language, Category.SERVICE)
    assert NewsConsent.objects.count() == 0
    link = link_in(mail)
    for method in (visitor.get, visitor.head):
        assert method(link).status_code == 200
    assert NewsConsent.objects.count() == 0
    for _pressed in range(2):
        assert visitor.post(link).status_code == 200
    consent = NewsConsent.objects.get()
    assert (consent.backer.email, consent.topic, consent.text, consent.language) == (
        "a@x.example",
        campaign.translation_key,
        TEXTS[language],
        language,
    )
    assert consent.confirmed_at == consent.granted_at
    assert consent.backer.language == language


def test_the_answer_is_the_same_whoever_asks_and_mails_are_few(visitor, campaign):
    known = make_backer(campaign.cooperative, email="known@x.example")
    backing.grant_news(known, campaign.translation_key, text="…", language="fr", confirmed=True)
    answers = [ask(visitor, campaign, email="known@x.example")]
    answers += [ask(visitor, campaign, email=email) for email in ("a@x.example", " A@X.example", *["a@x.example"] * 5)]
    assert {(answer.status_code, answer.url) for answer in answers} == {(303, url("campaign_news_noted", campaign.pk))}
    assert [mail.address for mail in waiting()] == ["a@x.example"] * subscribing.MOST


def test_a_network_that_asks_too_often_waits_and_keeps_what_it_typed(visitor, campaign, monkeypatch):
    monkeypatch.setattr(wishing, "WISHES", Limit("wishes", most=2, within=timedelta(days=1000)))
    visitor.defaults["REMOTE_ADDR"] = "203.0.113.5"
    assert [ask(visitor, campaign, email=f"{n}@x.example").status_code for n in range(2)] == [303, 303]
    page = ask(visitor, campaign, email="3@x.example")
    assert (page.status_code, page.context["form"]["email"].value()) == (429, "3@x.example")
    assert "There have been many attempts. Try again in" in words(page)
    assert len(waiting()) == 2


@pytest.mark.parametrize("data", [{"email": ""}, {"email": "a@x"}, {"language": "de"}])
def test_what_is_missing_is_said_at_its_field(visitor, campaign, data):
    page = ask(visitor, campaign, **data)
    assert (page.status_code, waiting()) == (200, [])
    assert 'class="error"' in page.content.decode()


def test_a_link_that_is_over_or_for_something_else_confirms_nothing(visitor, campaign, outsider, client):
    ask(visitor, campaign)
    link = link_in(waiting()[0])
    [backer] = Backer.objects.all()
    forged = links.sign("unsubscribe", f"{backer.pk}:{campaign.pk}:fr", lasts=timedelta(days=1))
    with translation.override("en"):
        assert visitor.post(reverse("campaign_news_confirm", args=[forged])).status_code == 410
    old = links.sign(subscribing.PURPOSE, f"{backer.pk}:{campaign.pk}:fr", lasts=timedelta(days=-2))
    assert visitor.get(url("campaign_news_confirm", old)).status_code == 410
    assert client.post(link, HTTP_HOST=outsider.site.hostname).status_code == 410
    assert NewsConsent.objects.count() == 0
    Backer.objects.update(erased_at=clock.now())
    assert visitor.post(link).status_code == 410


def test_a_link_never_brings_back_news_that_was_ended_since(visitor, campaign):
    ask(visitor, campaign)
    link = link_in(waiting()[0])
    assert visitor.post(link).status_code == 200
    for method in (visitor.get, visitor.post):  # a second click: it is so, and stays so
        assert "You will get the news" in words(method(link)) or "Vous recevrez" in words(method(link))
    assert NewsConsent.objects.count() == 1
    [backer] = Backer.objects.all()
    backing.withdraw_news(backer, campaign.translation_key)
    for method in (visitor.get, visitor.post):
        assert method(link).status_code == 410
    assert not backing.wants_news(backer, campaign.translation_key)
    ask(visitor, campaign)
    again = link_in(waiting()[-1])
    assert visitor.post(again).status_code == 200
    assert backing.wants_news(backer, campaign.translation_key)
    assert visitor.post(link).status_code == 410


def test_another_cooperative_s_campaign_has_no_form_here(campaign, outsider, on_host):
    client = on_host(outsider)
    for name in ("campaign_news", "campaign_news_noted"):
        assert client.get(url(name, campaign.pk)).status_code == 404
    assert ask(client, campaign).status_code == 404
    with within(campaign.cooperative):
        assert Backer.objects.count() == 0


def follower(visitor, campaign, email, language="fr"):
    ask(visitor, campaign, email=email, language=language)
    visitor.post(link_in(waiting()[-1]))


def send(campaign, **fields):
    mailing = send_news(make_update(campaign, **fields), by=None, missing_language=MissingLanguage.NONE)
    return sorted(OutgoingMail.objects.filter(batch=mailing.key).values_list("address", "language"))


def test_who_confirmed_reads_the_news_and_may_leave(visitor, campaign, cooperative):
    follower(visitor, campaign, "fr@x.example")
    follower(visitor, campaign, "en@x.example", "en")
    ask(visitor, campaign, email="unconfirmed@x.example")
    tell(make_pledge(campaign, email="never-paid@x.example", state=PledgeState.LAPSED).backer, campaign)
    other = make_campaign(cooperative, title="Autre", slug="autre")
    follower(visitor, other, "other@x.example")
    tell(make_pledge(campaign, email="backer@x.example").backer, campaign)
    assert send(campaign) == [("backer@x.example", "fr"), ("en@x.example", "en"), ("fr@x.example", "fr")]
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer").get(
        kind="update_published", address="fr@x.example"
    )
    assert "List-Unsubscribe" in composing.compose(mail).extra_headers
    unsubscribing.unsubscribe(unsubscribing.url_for(mail).rstrip("/").rpartition("/")[2])
    assert send(campaign, title="La suite") == [("backer@x.example", "fr"), ("en@x.example", "en")]


def test_who_cancelled_reads_on_only_if_they_confirmed_that_they_want_to(visitor, campaign):
    pledge = make_pledge(campaign, email="left@x.example", state=PledgeState.CANCELLED)
    tell(pledge.backer, campaign)
    assert audience_of(campaign) == []
    follower(visitor, campaign, "left@x.example")
    assert audience_of(campaign) == ["left@x.example"]
    assert NewsConsent.objects.count() == 1
    Backer.objects.get().refresh_from_db()
    assert Backer.objects.get().name == "Rosalie Tremblay"


def audience_of(campaign):
    update = make_update(campaign, title=f"Nouvelle {OutgoingMail.objects.count()}")
    return [one.email for one in audience.readers(update, MailingKind.NEWS, [])]


def test_followers_are_not_told_of_delays_and_cost_no_query_each(visitor, campaign):
    update = make_update(campaign)

    def cost():
        with CaptureQueriesContext(connection) as asked:
            found = audience.audience_of(update, MailingKind.NEWS, [])
        return found.total, len(asked)

    follower(visitor, campaign, "1@x.example")
    one = cost()
    follower(visitor, campaign, "2@x.example")
    follower(visitor, campaign, "3@x.example")
    three = cost()
    assert (one[0], three[0], one[1]) == (1, 3, three[1])
    assert list(audience.people(update, MailingKind.DELAY, [])) == []
