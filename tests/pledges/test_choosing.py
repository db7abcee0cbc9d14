"""From the form to the hosted page and back, as a visitor without JavaScript goes."""

import html
import re
import uuid
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, Reward, RewardStock
from home import clock, formats
from home.models import Backer, Brand, NewsConsent
from home.tenancy import within
from pledges import checkout
from pledges.consent_texts import VERSION
from pledges.enums import CheckoutState, PledgeState
from pledges.forms import quantity_name
from pledges.models import Checkout, Pledge, PledgeConsent, PledgeItem
from tests.campaigns.composing import wall
from tests.factories.campaigns import body_of, end_now, make_campaign, tier, two_tiers


def url(name, *args, language="en"):
    with translation.override(language):
        return reverse(name, args=args)


def words(response):
    """What a reader reads: no markup, single spaces."""
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(text).split())


@pytest.fixture
def tiers(campaign):
    with within(campaign.cooperative):
        return list(Reward.objects.filter(campaign=campaign).order_by("position"))


@pytest.fixture
def visitor(campaign, on_host):
    return on_host(campaign.cooperative)


def form_data(*quantities, **fields):
    data = {"name": "Camille Rivard", "email": "camille@example.com", "language": "en", "attempt": str(uuid.uuid4())}
    for reward, quantity in quantities:
        data |= {quantity_name(reward): str(quantity), f"price_{reward.pk}": str(reward.amount)}
    return data | fields


def confirmed(*quantities, **fields):
    return form_data(*quantities, confirm="1", consent="1", **fields)


def rows():
    from home.tenancy import across_cooperatives

    with across_cooperatives():
        return Pledge.objects.count(), Checkout.objects.count(), Backer.objects.count()


# The form


def test_the_form_shows_tiers_and_proposes_the_one_asked_for(visitor, campaign, tiers):
    page = visitor.get(url("contribute", campaign.pk) + f"?reward={tiers[1].pk}&via=radio")
    form = page.context["form"]
    assert page.status_code == 200
    assert [form[quantity_name(tier)].value() for tier in tiers] == [0, 1]
    assert form["via"].value() == "radio"
    assert 'name="news" class' not in page.content.decode() and "checked" not in _tag(page, "id_news")
    assert "no-cache" in page["Cache-Control"]


def _tag(page, identifier):
    return next(tag for tag in re.findall(r"<input[^>]*>", page.content.decode()) if f'id="{identifier}"' in tag)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_form_opens_in_both_languages(visitor, campaign, language):
    page = visitor.get(url("contribute", campaign.pk, language=language))
    assert page.context["form"]["language"].value() == language
    assert f'<html lang="{language}-CA">' in page.content.decode()


def test_another_cooperative_s_campaign_is_not_found_here(visitor, outsider):
    theirs = make_campaign(outsider)
    assert visitor.get(url("contribute", theirs.pk)).status_code == 404
    assert visitor.post(url("contribute_review", theirs.pk), confirmed(extra="45")).status_code == 404
    assert rows() == (0, 0, 0)


def test_a_campaign_not_launched_is_not_found(visitor, campaign):
    with within(campaign.cooperative):
        Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.DRAFT)
    assert visitor.get(url("contribute", campaign.pk)).status_code == 404


def test_a_campaign_that_ended_says_so_and_has_no_form(visitor, campaign):
    with within(campaign.cooperative):
        end_now(campaign)
    ended = formats.deadline(campaign.deadline, "America/Toronto", "en")
    page = visitor.get(url("contribute", campaign.pk))
    assert f"The campaign ended on {ended}." in words(page)
    assert b"<form" not in page.content
    for data in (form_data(extra="45"), form_data(extra="45", change="1"), confirmed(extra="45")):
        late = visitor.post(url("contribute_review", campaign.pk), data)
        assert f"ended on {ended} while you were filling in the page. Nothing was charged." in words(late)
    assert rows() == (0, 0, 0)


# The review


def test_the_review_of_a_promise_shows_all_that_binds(visitor, campaign, tiers):
    page = visitor.post(
        url("contribute_review", campaign.pk), form_data((tiers[0], 2), (tiers[1], 1), extra="5", via="radio")
    )
    deadline = formats.deadline(campaign.deadline, "America/Toronto", "en")
    day_after = formats.local_day(campaign.deadline + timedelta(seconds=1), "America/Toronto", "en")
    text = words(page)
    for said in (
        "Review, then pledge",
        "The bag of flour, 2",
        "The miller's box, 1",
        "$60.00",
        "$65.00",
        "$5.00",
        "Total $130.00",
        f"Your card will be charged only if pledges reach $1,000 by {deadline}. If not, nothing is charged",
        f"Charge planned for {day_after}. We will write to you three days before.",
        f"You may change or cancel your pledge at no cost until {deadline}, by the link you will receive by email.",
        "Your contribution goes to La Meule commune, coopérative de solidarité, 4, chemin du Moulin, "
        "Saint-Aurèle (Québec) G0L 0X0, 418 555-0142.",
        "On your card statement: “MEULE”",
        "neither a charitable gift nor an investment",
        "The delivery date is an estimate.",
        "Your rewards are held for 30 minutes while you pay.",
        "I authorize La Meule commune, coopérative de solidarité to keep my card with Stripe and to charge it once, "
        f"for no more than $130, if pledges reach $1,000 by {deadline}. The charge will be made on {day_after};",
        "I have read these terms and I accept them.",
        "Pledge $130",
        "Next, you will enter your card on Stripe's secure page. We never see its number.",
        "Camille Rivard camille@example.com",
    ):
        assert said in text
    assert page.context["french_consent"] and '<details lang="fr-CA">' in page.content.decode()
    assert 'name="via" value="radio"' in page.content.decode()
    assert rows() == (0, 0, 0)


def test_the_review_of_a_flexible_contribution(visitor, cooperative):
    flexible = make_campaign(cooperative, title="Le four", funding_model=FundingModel.FLEXIBLE)
    text = words(visitor.post(url("contribute_review", flexible.pk), form_data(extra="45,50")))
    deadline = formats.deadline(flexible.deadline, "America/Toronto", "en")
    today = formats.local_day(clock.now(), "America/Toronto", "en")
    for said in (
        "Review, then pay",
        "Your card is charged now. La Meule commune keeps contributions even if the goal is not reached.",
        f"Charge: today, {today}",
        f"You may cancel and get a full refund until {deadline}, by the link",
        "I authorize La Meule commune, coopérative de solidarité to charge my card $45.50 today, whether or not the "
        f"goal is reached. I may cancel and get a full refund until {deadline}.",
        "Pay $45.50",
    ):
        assert said in text
    assert "held for 30 minutes" not in text


def test_the_review_posts_again_all_that_was_chosen_and_nothing_else(visitor, campaign, tiers):
    data = form_data((tiers[0], 2), (tiers[1], 1), extra="5,50", via="radio", news="on", language="fr")
    page = visitor.post(url("contribute_review", campaign.pk), data)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.content.decode()))
    ours = ("csrfmiddlewaretoken", "read")
    assert {name: value for name, value in hidden.items() if name not in ours} == data


def test_a_french_review_has_no_second_text(visitor, campaign):
    page = visitor.post(url("contribute_review", campaign.pk, language="fr"), form_data(extra="45"))
    assert page.context["french_consent"] == ""
    assert b"<details" not in page.content


def test_errors_are_summed_up_linked_and_keep_what_was_typed(visitor, campaign, tiers):
    page = visitor.post(
        url("contribute_review", campaign.pk), form_data((tiers[1], 11), email="camille", extra="beaucoup")
    )
    content, text = page.content.decode(), words(page)
    assert "3 things to review." in text
    for anchor in (f"id_{quantity_name(tiers[1])}", "id_extra", "id_email"):
        assert f'<a href="#{anchor}">' in content
        assert f'id="{anchor}_error"' in content
        tag = _tag(page, anchor)
        assert f"{anchor}_error" in tag and 'aria-invalid="true"' in tag
    for typed in ("11", "beaucoup", "camille", "Camille Rivard"):
        assert f'value="{typed}"' in content
    assert rows() == (0, 0, 0)


def test_change_leads_back_to_the_form_with_everything(visitor, campaign, tiers):
    page = visitor.post(
        url("contribute_review", campaign.pk), form_data((tiers[0], 2), extra="5", news="on", language="fr", change="1")
    )
    form = page.context["form"]
    kept = {name: form[name].value() for name in (quantity_name(tiers[0]), "extra", "name", "language", "news")}
    assert kept == {
        quantity_name(tiers[0]): "2",
        "extra": "5",
        "name": "Camille Rivard",
        "language": "fr",
        "news": True,
    }
    assert b"things to review" not in page.content


def test_asking_for_the_review_by_address_leads_to_the_form(visitor, campaign):
    page = visitor.get(url("contribute_review", campaign.pk))
    assert (page.status_code, page["Location"]) == (302, url("contribute", campaign.pk))


def test_forms_are_protected_against_forgery(campaign):
    strict = Client(enforce_csrf_checks=True, HTTP_HOST=campaign.cooperative.site.hostname)
    assert strict.post(url("contribute_review", campaign.pk), confirmed(extra="45")).status_code == 403
    assert rows() == (0, 0, 0)


# The pledge


@pytest.fixture
def selling(shop, campaign, on_host):
    """A visitor of a shop whose account is open at the double."""
    return on_host(shop)


def test_consent_is_required(selling, campaign):
    data = confirmed(extra="45")
    del data["consent"]
    page = selling.post(url("contribute_review", campaign.pk), data)
    assert "To continue, tick the box that confirms your agreement." in words(page)
    assert rows() == (0, 0, 0)


#: Host, campaign, what it offers (3), whether the backer is known; savepoint, the campaign held, backer, pledge, items,
#: consent, checkout, savepoint; after the two calls, the customer's name and the page's address.
#: Before each of the calls: whether the installation is held, after a backup was put back.
STATEMENTS = 18


@pytest.mark.parametrize("count", [1, 3])
def test_an_accepted_pledge_takes_as_many_statements_for_three_tiers_as_for_one(
    shop, on_host, stripe_double, django_assert_num_queries, count
):
    tiers = [tier(f"Le sac {number}", 3000, limit=None, handover="pickup") for number in range(count)]
    busy = make_campaign(shop, title=f"{count}", bilingual=False, tiers=tiers)
    with within(shop):
        chosen = [(reward, 1) for reward in busy.rewards.all()]
    visitor = on_host(shop)
    assert _agree(visitor, busy, chosen).status_code == 303  # the first of a tier freezes it
    with django_assert_num_queries(STATEMENTS):
        assert _agree(visitor, busy, chosen).status_code == 303


def test_stock_and_postage_cost_an_accepted_pledge_one_statement_each(
    selling, campaign, tiers, stripe_double, django_assert_num_queries
):
    _agree(selling, campaign, [(tiers[1], 1)])
    with django_assert_num_queries(STATEMENTS + 2):
        _agree(selling, campaign, [(tiers[1], 1)])
    assert RewardStock.objects.get(reward=tiers[1]).held == 2


def _agree(visitor, campaign, chosen):
    return visitor.post(
        url("contribute_review", campaign.pk), confirmed(*chosen, email=f"{uuid.uuid4().hex}@example.com")
    )


def test_a_confirmed_review_is_one_pledge_and_leads_to_the_hosted_page(selling, campaign, tiers, inside, stripe_double):
    answer = selling.post(
        url("contribute_review", campaign.pk), confirmed((tiers[0], 2), (tiers[1], 1), extra="5", via="radio")
    )
    row = Checkout.objects.select_related("pledge__backer").get()
    pledge = row.pledge
    assert (answer.status_code, answer["Location"]) == (303, row.url)
    assert urlsplit(row.url).port == urlsplit(stripe_double.url).port
    assert (pledge.state, pledge.amount, pledge.extra, pledge.via, pledge.language) == (
        PledgeState.PENDING,
        13000,
        500,
        "radio",
        "en",
    )
    assert (pledge.backer.email, pledge.backer.name) == ("camille@example.com", "Camille Rivard")
    assert list(
        PledgeItem.objects.order_by("reward__position").values_list("reward_id", "quantity", "unit_amount")
    ) == [
        (tiers[0].pk, 2, 3000),
        (tiers[1].pk, 1, 6500),
    ]
    assert RewardStock.objects.get(reward=tiers[1]).held == 1
    assert not NewsConsent.objects.exists()


def test_the_consent_row_says_word_for_word_what_the_review_showed(selling, campaign, inside):
    shown = selling.post(url("contribute_review", campaign.pk), form_data(extra="45")).context["consent"]
    selling.post(url("contribute_review", campaign.pk), confirmed(extra="45"))
    consent = PledgeConsent.objects.get()
    assert (consent.text, consent.text_version, consent.language, consent.max_amount, consent.currency) == (
        shown,
        VERSION,
        "en",
        4500,
        "CAD",
    )


def test_news_is_taken_only_if_ticked_with_the_words_shown(selling, campaign, inside):
    selling.post(url("contribute_review", campaign.pk), confirmed(extra="45", news="on"))
    consent = NewsConsent.objects.get()
    assert (consent.topic, consent.text) == (
        campaign.translation_key,
        "Send me this campaign's news by email. I can unsubscribe at any time.",
    )


def test_a_double_click_is_one_pledge(selling, campaign, tiers, inside):
    with within(campaign.cooperative):
        RewardStock.objects.filter(pk=tiers[1].pk).update(held=9)
    data = confirmed((tiers[1], 1))
    first, second = (selling.post(url("contribute_review", campaign.pk), data) for _click in range(2))
    assert first["Location"] == second["Location"]
    assert rows() == (1, 1, 1)
    assert RewardStock.objects.get(pk=tiers[1].pk).held == 10


def test_another_choice_from_the_same_form_is_never_the_earlier_page(selling, campaign, inside):
    data = confirmed(extra="45")
    first = selling.post(url("contribute_review", campaign.pk), data)
    second = selling.post(url("contribute_review", campaign.pk), data | {"extra": "90"})
    assert first["Location"] != second["Location"]
    assert sorted(Pledge.objects.values_list("amount", flat=True)) == [4500, 9000]


def test_a_price_that_changed_shows_the_review_again(selling, campaign, tiers, inside):
    data = confirmed((tiers[0], 1)) | {f"price_{tiers[0].pk}": "2500"}
    page = selling.post(url("contribute_review", campaign.pk), data)
    assert "The amount of “The bag of flour” has changed since you opened this page: $30." in words(page)
    assert f'name="price_{tiers[0].pk}" value="3000"' in page.content.decode()
    assert rows() == (0, 0, 0)
    del data[f"price_{tiers[0].pk}"]
    assert selling.post(url("contribute_review", campaign.pk), data).status_code == 200
    assert rows() == (0, 0, 0)


def test_the_last_one_taken_meanwhile_is_told_and_the_rest_kept(selling, campaign, tiers, inside):
    RewardStock.objects.filter(pk=tiers[1].pk).update(promised=10)
    page = selling.post(url("contribute_review", campaign.pk), confirmed((tiers[0], 2), (tiers[1], 1), news="on"))
    assert "The last “The miller's box” has just been taken. Nothing was charged" in words(page)
    form = page.context["form"]
    assert [form[name].value() for name in (quantity_name(tiers[0]), quantity_name(tiers[1]), "news")] == [
        "2",
        "1",
        True,
    ]
    assert rows() == (0, 0, 0)


def test_a_cooperative_that_cannot_take_payments_says_so(visitor, campaign, cooperative):
    type(cooperative).objects.filter(pk=cooperative.pk).update(charges_enabled=False)
    said = "Payments are paused for now. Nothing was charged."
    assert said in words(visitor.get(url("contribute", campaign.pk)))
    page = visitor.post(url("contribute_review", campaign.pk), confirmed(extra="45"))
    assert said in words(page)
    assert page.context["form"]["extra"].value() == "45"
    assert rows() == (0, 0, 0)


def test_a_provider_that_does_not_answer_loses_nothing(selling, campaign, inside, stripe_double):
    stripe_double.fault("POST /v1/checkout/sessions", "500", 10)
    data = confirmed(extra="45")
    page = selling.post(url("contribute_review", campaign.pk), data)
    assert "Nothing was charged and your choice is kept. Please try again." in words(page)
    assert rows() == (1, 1, 1)
    stripe_double.reset()


@pytest.mark.parametrize("call", ["customers", "checkout/sessions"])
@pytest.mark.parametrize("kind", ["500", "500_after_commit"])
def test_a_provider_that_crashed_is_asked_anew_by_the_same_form(selling, campaign, inside, stripe_double, call, kind):
    """It keeps its 500 for the key: the same one would be answered so for a day."""
    stripe_double.fault(f"POST /v1/{call}", kind)
    data = confirmed(extra="45")
    assert selling.post(url("contribute_review", campaign.pk), data).status_code == 200
    answer = selling.post(url("contribute_review", campaign.pk), data)
    assert answer.status_code == 303
    assert rows() == (1, 1, 1)
    row = Checkout.objects.get()
    stripe_double.pay(row.stripe_session)
    assert checkout.finish(row) == CheckoutState.COMPLETE
    assert selling.get(url("checkout_return", row.key)).status_code == 200


def test_a_page_that_is_over_can_be_started_again(selling, campaign, inside):
    data = confirmed(extra="45")
    first = selling.post(url("contribute_review", campaign.pk), data)
    checkout.end(Checkout.objects.get())
    page = selling.post(url("contribute_review", campaign.pk), data)
    assert "The time held for payment is over; nothing was charged." in words(page)
    again = page.context["form"]["attempt"].value()
    assert again != data["attempt"]
    second = selling.post(url("contribute_review", campaign.pk), data | {"attempt": again})
    assert second.status_code == 303 and second["Location"] != first["Location"]


# Back from the hosted page


def begun(selling, campaign, **fields):
    selling.post(url("contribute_review", campaign.pk), confirmed(extra="45", **fields))
    return Checkout.objects.select_related("pledge").get()


def test_back_from_the_page_the_truth_is_read_at_the_provider(selling, campaign, inside, stripe_double):
    row = begun(selling, campaign)
    back = url("checkout_return", row.key)
    waiting = selling.get(back)
    assert "We are waiting for Stripe's confirmation." in words(waiting)
    assert Pledge.objects.get().state == PledgeState.PENDING
    stripe_double.pay(row.stripe_session)
    brand = Brand.objects.filter(site=campaign.cooperative.site)
    brand.update(thanks_fr="Merci à vous", thanks_en="A loaf <b>awaits</b> you.")
    thanks = selling.get(back)
    assert "Thank you! Your pledge of $45 is recorded." in words(thanks)
    assert "<p>A loaf &lt;b&gt;awaits&lt;/b&gt; you.</p>" in thanks.content.decode()
    assert "Nothing has been charged. If the goal is reached, your card will be charged on" in words(thanks)
    assert Pledge.objects.get().state == PledgeState.CONFIRMED
    assert (thanks["Referrer-Policy"], thanks["Cache-Control"]) == ("strict-origin", "no-store, private")
    mine = re.search(r'href="([^"]*/my/[^"]*)"', thanks.content.decode()).group(1)
    assert selling.get(mine).status_code == 200


def test_a_flexible_contribution_is_paid(shop, stripe_double, on_host):
    flexible = make_campaign(shop, title="Le four", funding_model=FundingModel.FLEXIBLE)
    visitor = on_host(shop)
    with within(shop):
        row = begun(visitor, flexible)
        stripe_double.pay(row.stripe_session)
        text = words(visitor.get(url("checkout_return", row.key)))
    assert "Thank you! Your contribution of $45 is paid." in text
    assert "The receipt is on its way to camille@example.com." in text


def test_a_return_address_found_later_shows_nobody_s_page(selling, campaign, inside, stripe_double):
    row = begun(selling, campaign)
    stripe_double.pay(row.stripe_session)
    checkout.finish(row)
    Checkout.objects.update(ended_at=clock.now() - timedelta(hours=2))
    answer = selling.get(url("checkout_return", row.key))
    assert (answer.status_code, answer["Location"]) == (302, url("contribution_link"))


def test_leaving_the_page_keeps_the_choice_while_it_is_held(selling, campaign, inside):
    row = begun(selling, campaign)
    left = selling.get(url("checkout_cancelled", row.key))
    until = formats.clock_time(row.created_at + timedelta(minutes=30), "America/Toronto", "en")
    assert f"Nothing was charged; your choice is kept until {until}." in words(left)
    assert f'href="{html.escape(row.url)}"' in left.content.decode()
    checkout.end(row)
    over = selling.get(url("checkout_cancelled", row.key))
    assert "The time held for payment is over; nothing was charged." in words(over)
    assert Checkout.objects.get().state == CheckoutState.EXPIRED


def test_the_return_of_a_page_is_found_at_its_own_cooperative_only(selling, campaign, outsider, inside):
    row = begun(selling, campaign)
    elsewhere = Client(HTTP_HOST=outsider.site.hostname)
    for name in ("checkout_return", "checkout_cancelled"):
        assert elsewhere.get(url(name, row.key)).status_code == 404
        assert selling.get(url(name, uuid.uuid4())).status_code == 404


def test_what_the_provider_is_told_leads_back_here(selling, campaign, shop, inside, stripe_double):
    row = begun(selling, campaign)
    session = stripe_double.session(shop.stripe_account, row.stripe_session)
    assert urlsplit(session.success_url).path == url("checkout_return", row.key)
    assert urlsplit(session.cancel_url).path == url("checkout_cancelled", row.key)
    assert len(session.custom_text.submit.message) <= 500


# What the provider tells


def test_an_event_without_a_good_signature_is_refused(client, db):
    answer = client.post("/stripe/webhook/", b"{}", content_type="application/json", HTTP_STRIPE_SIGNATURE="t=1,v1=0")
    assert answer.status_code == 400
    assert client.get("/stripe/webhook/").status_code == 405


def test_a_signed_event_is_taken_without_a_token(selling, campaign, shop, inside, stripe_double):
    row = begun(selling, campaign)
    stripe_double.pay(row.stripe_session)
    payload, signature = stripe_double.events(shop.stripe_account, "checkout.session.completed")[0]
    strict = Client(enforce_csrf_checks=True)
    for _time in range(2):
        answer = strict.post(
            "/stripe/webhook/", payload, content_type="application/json", HTTP_STRIPE_SIGNATURE=signature
        )
        assert answer.status_code == 200


def test_what_is_shown_on_the_wall_goes_from_the_form_to_the_pledge(shop, stripe_double, on_host):
    """From the empty form on: neither is chosen for the backer; what is chosen is read again, then kept."""
    campaign = make_campaign(shop, body=body_of(two_tiers(), extra=[wall()]))
    client = on_host(shop)
    opened = client.get(url("contribute", campaign.pk)).content.decode()
    assert re.findall(r'<input type="radio" name="wall" value="(\w+)"[^>]* checked', opened) == ["neither"]
    data = form_data(extra="45", wall="amount")
    review = client.post(url("contribute_review", campaign.pk), data)
    assert "On the wall of thanks: your name and amount." in words(review)
    assert re.search(r'<input type="hidden" name="wall" value="amount">', review.content.decode())
    answer = client.post(url("contribute_review", campaign.pk), data | {"confirm": "1", "consent": "1"})
    assert answer.status_code == 303
    with within(shop):
        assert [(one.wall, one.wall_name) for one in Pledge.objects.all()] == [("amount", "Camille Rivard")]
