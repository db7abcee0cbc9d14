"""While payments are paused: no way leads to a form that cannot be paid, and who asked is told once they resume."""

import html
import re
from datetime import datetime

import pytest
from django.urls import reverse
from django.utils import translation

from campaigns import queries
from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import backing
from home.mail import composing, unsubscribing
from home.mail.registry import Category, kind_of
from home.models import Backer, Cooperative, NewsConsent, OutgoingMail
from home.tenancy import within
from pledges import accounts, resuming
from pledges.models import StripeAccount
from tests.factories.campaigns import end_now, make_campaign, tier
from tests.pledges.test_choosing import confirmed, form_data

LOST_AT = "2026-11-01T12:00:00+00:00"


def url(name, *args, language="en"):
    with translation.override(language):
        return reverse(name, args=args)


def words(response):
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(text).split())


def page_of(client, campaign, language="en"):
    with within(campaign.cooperative):
        address = queries.url_in(campaign, language)
    return client.get(address.partition(campaign.cooperative.site.hostname)[2])


def leads_to(address, page):
    """With whatever is asked along with it."""
    return re.search(rf'href="{re.escape(address)}["?#]', page) is not None


@pytest.fixture
def visitor(campaign, on_host):
    return on_host(campaign.cooperative)


def pause(cooperative, when=LOST_AT):
    Cooperative.objects.filter(pk=cooperative.pk).update(charges_enabled=False)
    with within(cooperative):
        StripeAccount.objects.update_or_create(cooperative=cooperative, defaults={"charges_lost_at": when})


def told(cooperative):
    with within(cooperative):
        mails = OutgoingMail.objects.filter(kind="payments_resumed").order_by("pk")
        return list(mails.values_list("address", "language"))


def ask(client, campaign, **data):
    return client.post(url("resuming", campaign.pk), {"email": "a@x.example", "language": "fr"} | data)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_no_link_of_the_campaign_leads_to_the_form_while_payments_are_paused(visitor, campaign, language):
    form = url("contribute", campaign.pk, language=language)
    assert leads_to(form, page_of(visitor, campaign, language).content.decode())
    pause(campaign.cooperative)
    page = page_of(visitor, campaign, language).content.decode()
    assert not leads_to(form, page)
    assert f'href="{url("resuming", campaign.pk, language=language)}"' in page
    assert 'method="post"' not in page
    said = {
        "fr": "Laissez votre courriel\u00a0: nous vous écrirons à la reprise.",
        "en": "Leave your email: we will write to you when they resume.",
    }
    assert said[language] in html.unescape(page)


def test_what_is_still_offered_after_the_end_is_paused_too(cooperative, on_host):
    tiers = [tier("Le sac", 3000, sold_late=True)]
    campaign = make_campaign(cooperative, tiers=tiers, bilingual=False)
    with within(cooperative):
        end_now(campaign)
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.FUNDED, outcome=CampaignState.FUNDED)
    form = url("contribute", campaign.pk, language="fr")
    assert leads_to(form, page_of(on_host(cooperative), campaign, "fr").content.decode())
    pause(cooperative)
    page = page_of(on_host(cooperative), campaign, "fr").content.decode()
    assert not leads_to(form, page)
    assert f'href="{url("resuming", campaign.pk, language="fr")}"' in page


def test_an_address_of_the_form_kept_from_before_asks_for_an_email_instead(visitor, campaign):
    pause(campaign.cooperative)
    for name in ("contribute", "resuming"):
        page = visitor.get(url(name, campaign.pk))
        said = (
            "Payments are paused for now. Nothing was charged. Leave your email: we will write to you when they resume."
        )
        assert said in words(page)
        assert f'action="{url("resuming", campaign.pk)}"' in page.content.decode()


@pytest.mark.parametrize("data", [form_data, confirmed])
def test_what_was_typed_meanwhile_is_kept_and_its_address_may_be_left(visitor, campaign, data):
    pause(campaign.cooperative)
    page = visitor.post(url("contribute_review", campaign.pk), data(extra="45", message="Bravo"))
    form = page.context["form"]
    assert (form["extra"].value(), form["message"].value()) == ("45", "Bravo")
    assert "Payments are paused for now. Nothing was charged." in words(page)
    assert f'formaction="{url("resuming", campaign.pk)}"' in page.content.decode()


def test_who_left_an_address_is_told_once_in_their_language(visitor, campaign, inside):
    pause(campaign.cooperative)
    answers = [ask(visitor, campaign, email=email) for email in ("a@x.example", " A@X.example", "a@x.example")]
    assert {(answer.status_code, answer.url) for answer in answers} == {
        (303, url("resuming_noted", campaign.pk)),
    }
    ask(visitor, campaign, email="b@x.example", language="en")
    assert "We will write to you when payments resume." in words(visitor.get(url("resuming_noted", campaign.pk)))
    consents = NewsConsent.objects.order_by("pk")
    assert [(one.backer.email, one.language, one.text) for one in consents] == [
        ("a@x.example", "fr", _in("en", resuming.CONSENT)),
        ("b@x.example", "en", _in("en", resuming.CONSENT)),
    ]
    assert told(campaign.cooperative) == []
    for _again in range(2):
        resuming.tell(campaign.cooperative, datetime.fromisoformat(LOST_AT))
    assert told(campaign.cooperative) == [("a@x.example", "fr"), ("b@x.example", "en")]


def _in(language, text):
    with translation.override(language):
        return str(text)


def test_each_pause_is_asked_about_anew(visitor, campaign, inside):
    """Who was told once is not told again, unless they asked again."""
    first, second = (datetime.fromisoformat(when) for when in (LOST_AT, "2026-11-20T12:00:00+00:00"))
    pause(campaign.cooperative, first)
    ask(visitor, campaign)
    ask(visitor, campaign, email="b@x.example")
    resuming.tell(campaign.cooperative, first)
    pause(campaign.cooperative, second)
    ask(visitor, campaign)
    resuming.tell(campaign.cooperative, second)
    assert sorted(told(campaign.cooperative)) == [("a@x.example", "fr"), ("a@x.example", "fr"), ("b@x.example", "fr")]


def test_the_account_that_comes_back_tells_them(shop, campaign, on_host, stripe_double, inside):
    visitor = on_host(shop)
    stripe_double.set_account(shop.stripe_account, charges_enabled=False)
    accounts.refresh(shop)
    ask(visitor, campaign)
    accounts.refresh(shop)
    assert told(shop) == []
    stripe_double.set_account(shop.stripe_account, charges_enabled=True)
    for _again in range(2):
        accounts.refresh(shop)
    assert told(shop) == [("a@x.example", "fr")]
    assert ask(visitor, campaign).url == url("contribute", campaign.pk)
    assert NewsConsent.objects.count() == 1


def test_nothing_is_said_of_what_is_over_or_hidden(visitor, campaign, inside):
    pause(campaign.cooperative)
    ask(visitor, campaign)
    end_now(campaign)
    resuming.tell(campaign.cooperative, datetime.fromisoformat(LOST_AT))
    assert told(campaign.cooperative) == []
    assert visitor.get(url("resuming", campaign.pk)).status_code == 302


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_mail_leads_to_the_campaign_and_can_be_refused(visitor, campaign, inside, language):
    pause(campaign.cooperative)
    ask(visitor, campaign, language=language)
    resuming.tell(campaign.cooperative, datetime.fromisoformat(LOST_AT))
    mail = OutgoingMail.objects.select_related("cooperative__site", "backer").get()
    assert kind_of(mail.kind).category == Category.NEWS
    message = composing.compose(mail)
    said = {
        "fr": "Vous nous avez demandé de vous écrire\u00a0: les paiements ont repris.",
        "en": "You asked us to write to you: payments have resumed.",
    }
    for part in (message.body, html.unescape(message.alternatives[0].content)):
        assert said[language] in part
        assert queries.url_in(campaign, language) in part
    token = unsubscribing.url_for(mail).rstrip("/").rpartition("/")[2]
    unsubscribing.unsubscribe(token)
    assert not backing.wants_news(mail.backer, mail.facts["topic"])


@pytest.mark.parametrize("data", [{"email": ""}, {"email": "a@x"}, {"language": "de"}])
def test_what_is_missing_is_said_at_its_field(visitor, campaign, inside, data):
    pause(campaign.cooperative)
    answer = ask(visitor, campaign, **data)
    assert (answer.status_code, NewsConsent.objects.count()) == (200, 0)
    assert 'class="error"' in answer.content.decode()


def test_looking_changes_nothing_and_another_cooperative_knows_nothing(campaign, outsider, on_host):
    pause(campaign.cooperative)
    client = on_host(campaign.cooperative)
    assert [
        client.get(url("resuming", campaign.pk)).status_code,
        client.head(url("resuming", campaign.pk)).status_code,
    ] == [200, 200]
    with within(campaign.cooperative):
        assert (Backer.objects.count(), NewsConsent.objects.count()) == (0, 0)
    pause(outsider)
    client = on_host(outsider)
    for name in ("resuming", "resuming_noted"):
        assert client.get(url(name, campaign.pk)).status_code == 404
    assert ask(client, campaign).status_code == 404
    with within(campaign.cooperative):
        assert NewsConsent.objects.count() == 0
