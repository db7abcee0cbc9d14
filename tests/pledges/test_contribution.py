"""« Ma contribution »: opened by its own link only, true to the rows, and changing nothing by being opened."""

import html
import re
import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, RewardVariant
from home import backing, clock, formats, links
from home.models import NewsConsent, OutgoingMail
from home.tenancy import within
from pledges import pledging, settlement
from pledges.enums import FulfilmentState, PaymentState, PledgeState, RefundState
from pledges.links import PURPOSE, contribution_token
from pledges.models import Checkout, DatePromise, Payment, Pledge, Refund, Settlement
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.factories.requests import pledge_request
from tests.leading import led_to

ZONE = "America/Toronto"


def url(name, *args, language="en"):
    with translation.override(language):
        return reverse(name, args=args)


def words(response):
    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return re.sub(r" ([.,;:”])", r"\1", " ".join(html.unescape(text).split()))


def day(instant):
    return formats.local_day(instant, ZONE, "en")


@pytest.fixture
def visitor(cooperative, on_host):
    return on_host(cooperative)


@pytest.fixture
def flexible(cooperative):
    return make_campaign(cooperative, title="Le four", funding_model=FundingModel.FLEXIBLE)


def box_of(campaign):
    with within(campaign.cooperative):
        return campaign.rewards.order_by("position").last()


def settled(campaign, state=CampaignState.FUNDED):
    """The campaign has ended, and its grace runs for a week from now."""
    with within(campaign.cooperative):
        end_now(campaign)
        Campaign.objects.filter(pk=campaign.pk).update(
            state=state, outcome=state, pledged_at_deadline=6500, backers_at_deadline=1
        )
        campaign.refresh_from_db()
        now = clock.now()
        return Settlement.objects.create(
            cooperative=campaign.cooperative, campaign=campaign, started_at=now, grace_ends_at=now + timedelta(days=7)
        )


def page_of(visitor, pledge):
    return visitor.get(url("contribution", contribution_token(pledge)))


# The link


def test_the_page_is_kept_nowhere_and_its_address_told_to_nobody(visitor, campaign):
    page = page_of(visitor, make_pledge(campaign, paid=False))
    assert page.status_code == 200
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("strict-origin", "no-store, private")
    assert '<meta name="robots" content="noindex">' in page.content.decode()


def refused(visitor, token):
    """Every page behind the link says the same, and offers a new one."""
    answers = [
        visitor.get(url(name, token))
        for name in ("contribution", "contribution_cancel", "contribution_mend", "contribution_mend_return")
    ]
    answers += [visitor.post(url(name, token)) for name in ("contribution", "contribution_cancel", "contribution_mend")]
    assert [answer.status_code for answer in answers] == [410] * 7
    for answer in answers:
        assert "This link no longer works: it has expired or a newer one replaced it." in words(answer)
        assert f'action="{url("contribution_link")}"' in answer.content.decode()


def test_an_expired_link_opens_nothing(visitor, campaign):
    pledge = make_pledge(campaign, paid=False)
    refused(visitor, links.sign(PURPOSE, str(pledge.pk), lasts=timedelta(days=-1)))


def test_a_link_replaced_by_a_newer_one_opens_nothing(visitor, campaign, inside):
    pledge = make_pledge(campaign, paid=False)
    old = contribution_token(pledge)
    Pledge.objects.filter(pk=pledge.pk).update(link_generation=1)
    refused(visitor, old)
    pledge.refresh_from_db()
    assert page_of(visitor, pledge).status_code == 200
    assert Pledge.objects.get(pk=pledge.pk).state == PledgeState.CONFIRMED


def test_a_link_opens_nothing_at_another_cooperative(campaign, outsider):
    make_pledge(make_campaign(outsider), paid=False)
    refused(Client(HTTP_HOST=outsider.site.hostname), contribution_token(make_pledge(campaign, paid=False)))


def test_a_link_for_another_purpose_opens_nothing(visitor, campaign):
    pledge = make_pledge(campaign, paid=False)
    refused(visitor, links.sign("unsubscribe", str(pledge.pk), lasts=timedelta(days=1)))
    refused(visitor, "nonsense")


# What it says


def test_a_promise_says_when_and_if_it_is_charged(visitor, campaign):
    text = words(page_of(visitor, make_pledge(campaign, rewards=[(box_of(campaign), 2)], paid=False, extra=550)))
    charged = day(campaign.deadline + timedelta(seconds=1))
    for said in (
        "My contribution to “Get the millstone turning”",
        f"Pledge recorded $135.50 will be charged on {charged} if the goal is reached.",
        "The miller's box, 2",
        "To come Expected in October 2027",
        "$130.00",
        "$5.50",
        "Total $135.50",
        "Cancel my pledge",
    ):
        assert said in text
    assert "receipt for payment" not in text


def test_a_paid_contribution_shows_its_receipt(visitor, flexible):
    pledge = make_pledge(flexible, rewards=[(box_of(flexible), 1)])
    text = words(page_of(visitor, pledge))
    for said in (
        f"Contribution paid $65 on {day(clock.now())}",
        "Paid $65.00",
        "On your card statement: “MEULE”",
        "This is a receipt for payment; it is not a tax receipt.",
        "Cancel my contribution",
    ):
        assert said in text


def test_a_charge_in_progress_and_one_made(visitor, campaign):
    pledge = make_pledge(campaign, rewards=[(box_of(campaign), 1)], payment_state=PaymentState.DUE)
    settled(campaign)
    text = words(page_of(visitor, pledge))
    assert "Charge in progress: $65 Nothing to do." in text
    assert "Cancel my pledge" not in text
    with within(campaign.cooperative):
        Payment.objects.update(state=PaymentState.PAID, paid_at=clock.now())
    text = words(page_of(visitor, pledge))
    assert f"Paid on {day(clock.now())}: $65" in text
    assert "Card ending in 4242" in text


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (PledgeState.GOAL_MISSED, "Goal not reached Nothing was charged; your card is no longer kept."),
        (
            PledgeState.DROPPED,
            "Contribution not completed The payment could not be made within 7 days; nothing was charged.",
        ),
        (PledgeState.LAPSED, "The time held for payment is over; nothing was charged."),
    ],
)
def test_a_pledge_that_ended_says_how(visitor, campaign, state, said):
    text = words(page_of(visitor, make_pledge(campaign, state=state)))
    assert said in text
    assert "Cancel my pledge" not in text and "Expected in" not in text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"state": RefundState.DUE}, "Refund of $65.00 granted on {today}"),
        ({"state": RefundState.DONE}, "Refunded on {today}: $65.00"),
        ({"state": RefundState.DONE, "amount": 1500, "commission": 75}, "Partly refunded: $15.00 of $65.00"),
        ({"state": RefundState.FAILED}, "The refund could not be paid to your card."),
    ],
)
def test_a_refund_is_told(visitor, flexible, fields, said):
    pledge = make_pledge(flexible, rewards=[(box_of(flexible), 1)])
    refund = make_refund(payment_of(pledge), **fields)
    if refund.state == RefundState.FAILED:
        with within(flexible.cooperative):
            Refund.objects.update(done_at=clock.now())
    assert said.format(today=day(clock.now())) in words(page_of(visitor, pledge))


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (FulfilmentState.IN_PRODUCTION, "Being made Expected in October 2027"),
        (FulfilmentState.READY, "Ready To pick up: 4, chemin du Moulin, Saint-Aurèle (Québec) G0L 0X0"),
        (FulfilmentState.SENT, "Sent on {today} by Postes Track the parcel"),
        (FulfilmentState.DELIVERED, "Delivered on {today}"),
        (FulfilmentState.RETURNED, "Returned to sender on {today}"),
        (FulfilmentState.NOT_APPLICABLE, "Nothing to deliver Thank you for your support!"),
    ],
)
def test_each_reward_says_where_it_is(visitor, flexible, inside, state, said):
    pledge = make_pledge(flexible, rewards=[(box_of(flexible), 1)])
    sent = {"carrier": "Postes", "tracking_url": "https://postes.example/1"} if state == FulfilmentState.SENT else {}
    pledge.items.update(state=state, state_since=clock.now(), **sent)
    assert said.format(today=day(clock.now())) in words(page_of(visitor, pledge))


def test_a_month_that_moved_keeps_the_earlier_ones_in_sight(visitor, flexible, inside):
    pledge = make_pledge(flexible)
    for month in (date(2027, 12, 1), date(2028, 2, 1)):
        DatePromise.objects.create(
            cooperative=flexible.cooperative, item=pledge.items.get(), month=month, made_at=clock.now()
        )
    page = page_of(visitor, pledge)
    text = words(page)
    for said in (
        "first expected in October 2027 now expected in February 2028",
        "Expected in February 2028",
        "First expected in October 2027",
        f"New date announced on {day(clock.now())}: December 2027",
        f"New date announced on {day(clock.now())}: February 2028",
    ):
        assert said in text
    assert '<s class="promise__was">' in page.content.decode()


def test_a_month_that_passed_says_so(visitor, flexible, inside):
    pledge = make_pledge(flexible)
    pledge.items.update(first_month=date(2025, 3, 1))
    said = "The expected month, March 2025, has passed. We have not announced a new date yet."
    assert said in words(page_of(visitor, pledge))
    pledge.items.update(state=FulfilmentState.DELIVERED, state_since=clock.now())
    assert said not in words(page_of(visitor, pledge))


def test_the_page_reads_as_many_rows_for_three_rewards_as_for_one(visitor, cooperative, inside):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.factories.campaigns import tier

    counts = []
    for number in (1, 3):
        campaign = make_campaign(cooperative, title=f"{number}", tiers=[tier(f"t{n}") for n in range(number)])
        pledge = make_pledge(campaign, rewards=[(reward, 1) for reward in campaign.rewards.all()], paid=False)
        page_of(visitor, pledge)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert len(page_of(visitor, pledge).context["owed"]) == number
        counts.append(len(asked))
    assert counts[0] == counts[1]


# News


def test_news_is_taken_and_ended_by_post_only(visitor, campaign, inside):
    pledge = make_pledge(campaign, paid=False)
    address, topic = url("contribution", contribution_token(pledge)), campaign.translation_key
    assert b'value="yes"' in visitor.get(address + "?news=yes").content
    assert not backing.wants_news(pledge.backer, topic)
    answer = visitor.post(address, {"news": "yes"})
    assert (answer.status_code, answer["Location"]) == (303, address)
    consent = NewsConsent.objects.get()
    assert (consent.text, consent.language) == (
        "Send me this campaign's news by email. I can unsubscribe at any time.",
        "en",
    )
    assert "You asked for this campaign's news by email." in words(visitor.get(address))
    visitor.post(address, {"news": "no"})
    assert not backing.wants_news(pledge.backer, topic)
    visitor.post(address, {"news": "anything"})
    assert NewsConsent.objects.count() == 1


# Cancelling


def test_cancelling_asks_first_and_acts_by_post(visitor, campaign, inside):
    pledge = make_pledge(campaign, rewards=[(box_of(campaign), 1)], paid=False)
    address = url("contribution_cancel", contribution_token(pledge))
    asked = words(visitor.get(address))
    assert "Cancel your pledge of $65? Nothing will be charged and your rewards will be offered to others." in asked
    assert Pledge.objects.get().state == PledgeState.CONFIRMED
    answer = visitor.post(address)
    assert (answer.status_code, answer["Location"]) == (303, url("contribution", contribution_token(pledge)))
    assert Pledge.objects.get().state == PledgeState.CANCELLED
    told = words(page_of(visitor, pledge))
    assert f"Cancelled on {day(clock.now())} at your request Nothing will be charged." in told
    assert visitor.post(address).status_code == 303
    assert list(OutgoingMail.objects.values_list("kind", flat=True)) == ["pledge_cancelled"]


def test_cancelling_a_paid_contribution_refunds_it(visitor, flexible, inside):
    pledge = make_pledge(flexible, rewards=[(box_of(flexible), 1)])
    address = url("contribution_cancel", contribution_token(pledge))
    assert "Cancel your contribution of $65? It will be refunded in full" in words(visitor.get(address))
    visitor.post(address)
    text = words(page_of(visitor, pledge))
    assert f"Cancelled on {day(clock.now())} at your request Refund of $65.00 granted on {day(clock.now())}" in text
    assert "It will show on your statement within 5 to 10 business days." in text


def test_after_the_deadline_it_is_too_late_to_cancel(visitor, campaign, inside):
    pledge = make_pledge(campaign, paid=False)
    end_now(campaign)
    address = url("contribution_cancel", contribution_token(pledge))
    until = formats.deadline(campaign.deadline, ZONE, "en")
    for answer in (visitor.get(address), visitor.post(address)):
        assert f"It was possible to cancel until {until}." in words(answer)
    assert Pledge.objects.get().state == PledgeState.CONFIRMED


# Mending


@pytest.fixture
def broken(shop, stripe_double, on_host):
    """A funded campaign of which one card could not be charged; the visitor of its host."""

    def make(card):
        from pledges import checkout

        campaign = make_campaign(shop, goal=5000)
        with within(shop):
            row = pledging.begin(shop, pledge_request(campaign, (box_of(campaign), 1)))
            checkout.open_page(row)
            stripe_double.pay(row.stripe_session, card)
            checkout.finish(row)
            end_now(campaign)
            settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))
            pledge = Pledge.objects.select_related("cooperative__site", "campaign").get()
        return on_host(shop), pledge

    return make


def test_a_declined_card_is_replaced_and_the_same_payment_made(broken, inside, stripe_double, shop):
    visitor, pledge = broken("4000000000000341")
    token = contribution_token(pledge)
    intent = Payment.objects.get().stripe_intent
    ends = formats.deadline(Settlement.objects.get().grace_ends_at, ZONE, "en")
    page = page_of(visitor, pledge)
    assert f"The payment of $65 could not be made. Another card may be used until {ends}." in words(page)
    assert "Change card and pay $65" in words(page)
    asked = visitor.get(url("contribution_mend", token))
    assert b'value="bank"' not in asked.content
    assert Payment.objects.get().state == PaymentState.MEND
    to_card = visitor.post(url("contribution_mend", token), {"way": "card"})
    row = Checkout.objects.get(purpose="mend")
    assert (to_card.status_code, to_card["Location"]) == (303, row.url)
    left = visitor.get(url("checkout_cancelled", row.key))
    assert left["Location"] == url("contribution_mend", token)
    stripe_double.pay(row.stripe_session)
    back = visitor.get(url("checkout_return", row.key))
    assert (back.status_code, back["Location"]) == (302, url("contribution", token))
    payment = Payment.objects.get()
    assert (payment.state, payment.stripe_intent) == (PaymentState.PAID, intent)
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "charge")] == [6500]
    assert visitor.get(url("contribution_mend", token)).status_code == 302


def test_a_second_card_that_is_declined_too_is_told(broken, inside, stripe_double, shop):
    visitor, pledge = broken("4000000000000341")
    visitor.post(url("contribution_mend", contribution_token(pledge)), {"way": "card"})
    row = Checkout.objects.get(purpose="mend")
    stripe_double.pay(row.stripe_session, "4000000000000341")
    text = words(visitor.get(url("checkout_return", row.key)))
    assert "The payment could not be made. Nothing was charged. Try another card" in text
    assert Payment.objects.get().state == PaymentState.MEND
    assert stripe_double.journal(shop.stripe_account, "charge") == []


def test_a_bank_that_asks_is_answered_on_its_own_page(broken, inside, stripe_double, shop):
    visitor, pledge = broken("4000002760003184")
    token = contribution_token(pledge)
    ends = formats.deadline(Settlement.objects.get().grace_ends_at, ZONE, "en")
    page = words(page_of(visitor, pledge))
    assert f"Confirmation needed: your bank asks for it by {ends}. Confirm the payment" in page
    to_bank = visitor.post(url("contribution_mend", token), {"way": "bank"})
    back = stripe_double.answer_bank(led_to(to_bank))
    assert back.startswith(f"http://{shop.site.hostname}" + url("contribution_mend_return", token))
    paid = visitor.get(back.removeprefix(f"http://{shop.site.hostname}"))
    assert (paid.status_code, paid["Location"]) == (302, url("contribution", token))
    assert Payment.objects.get().state == PaymentState.PAID
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "charge")] == [6500]


def test_a_bank_that_says_no_leaves_both_ways_open(broken, inside, stripe_double):
    visitor, pledge = broken("4000002760003184")
    token = contribution_token(pledge)
    to_bank = visitor.post(url("contribution_mend", token), {"way": "bank"})
    stripe_double.answer_bank(led_to(to_bank), "fail")
    page = visitor.get(url("contribution_mend_return", token))
    assert "The payment could not be made. Nothing was charged." in words(page)
    assert b'value="card"' in page.content
    assert Payment.objects.get().state in (PaymentState.ACTION, PaymentState.MEND)


def test_once_the_grace_is_over_nothing_can_be_mended(visitor, campaign, inside):
    pledge = make_pledge(campaign, payment_state=PaymentState.MEND)
    settled(campaign)
    Settlement.objects.update(grace_ends_at=clock.now())
    token = contribution_token(pledge)
    for answer in (
        visitor.get(url("contribution_mend", token)),
        visitor.post(url("contribution_mend", token), {"way": "card"}),
    ):
        assert (answer.status_code, answer["Location"]) == (302, url("contribution", token))
    assert Checkout.objects.filter(purpose="mend").count() == 0


# A link lost


SENT = "If this address matches a contribution, a link has just been sent to it."


def ask(visitor, email):
    return visitor.post(url("contribution_link"), {"email": email}, follow=True)


def renewed():
    return list(OutgoingMail.objects.filter(kind="link_renewed").order_by("id").values_list("address", "subject_key"))


def test_a_lost_link_is_answered_alike_for_a_backer_and_for_nobody(visitor, campaign, outsider, inside):
    make_pledge(make_campaign(outsider), email="theirs@example.com")
    pledge = make_pledge(campaign, email="ours@example.com", paid=False)
    answers = [ask(visitor, email) for email in ("Ours@Example.com ", "theirs@example.com", "nobody@example.com")]
    assert len({re.sub(r'value="[^"]{64}"', "", answer.content.decode()) for answer in answers}) == 1
    assert SENT in words(answers[0])
    assert renewed() == [("ours@example.com", pledge.key)]


def test_a_new_link_replaces_the_earlier_ones(visitor, campaign, inside):
    pledge = make_pledge(campaign, email="ours@example.com", paid=False)
    old = contribution_token(pledge)
    ask(visitor, "ours@example.com")
    assert visitor.get(url("contribution", old)).status_code == 410
    pledge.refresh_from_db()
    assert page_of(visitor, pledge).status_code == 200


def test_each_campaign_s_latest_pledge_gets_a_link_and_no_more_than_three_an_hour(visitor, campaign, flexible, inside):
    make_pledge(campaign, email="ours@example.com", paid=False)
    latest = make_pledge(campaign, email="ours@example.com", paid=False)
    make_pledge(campaign, email="ours@example.com", state=PledgeState.LAPSED)
    other = make_pledge(flexible, email="ours@example.com")
    ask(visitor, "ours@example.com")
    assert renewed() == [("ours@example.com", other.key), ("ours@example.com", latest.key)]
    for _time in range(3):
        ask(visitor, "ours@example.com")
    assert len(renewed()) == 3
    OutgoingMail.objects.update(created_at=clock.now() - timedelta(hours=1, seconds=1))
    ask(visitor, "ours@example.com")
    assert len(renewed()) == 5


def test_an_address_that_is_none_is_told_at_its_field(visitor, campaign):
    page = visitor.post(url("contribution_link"), {"email": "ours"})
    assert "Enter a complete email address, for example camille@example.com." in words(page)
    assert 'value="ours"' in page.content.decode()


def test_asking_for_a_link_by_get_sends_nothing(visitor, campaign, inside):
    make_pledge(campaign, email="ours@example.com", paid=False)
    visitor.get(url("contribution_link") + "?email=ours@example.com")
    assert renewed() == []


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_opens_in_both_languages(visitor, campaign, flexible, inside, language):
    token = contribution_token(make_pledge(flexible))
    for name in ("contribution", "contribution_cancel"):
        page = visitor.get(url(name, token, language=language))
        assert page.status_code == 200
        assert f'<html lang="{language}-CA">' in page.content.decode()
    assert visitor.get(url("contribution_link", language=language)).status_code == 200


# The form that was chosen


@pytest.mark.parametrize(
    ("language", "named"),
    [("fr", "La boîte du meunier (Très grand)"), ("en", "The miller's box (Extra large)")],
)
def test_a_reward_is_named_with_the_form_that_was_chosen(visitor, flexible, inside, language, named):
    """What is owed, its receipt at the side, and the receipt itself."""
    box = box_of(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 2)], language=language)
    size = RewardVariant.objects.create(
        reward=box, block_id=uuid.uuid4(), position=0, label_fr="Très grand", label_en="Extra large"
    )
    pledge.items.update(variant=size)
    page = visitor.get(url("contribution", contribution_token(pledge), language=language))
    assert words(page).count(f"{named}, 2") == 2
    args = (contribution_token(pledge), payment_of(pledge).pk)
    assert f"{named}, 2" in words(visitor.get(url("contribution_receipt", *args, language=language)))


def test_forms_cost_no_query_each(visitor, flexible, inside):
    box = box_of(flexible)
    pledge = make_pledge(flexible, rewards=[(box, 1)])

    def add(position):
        size = RewardVariant.objects.create(
            reward=box, block_id=uuid.uuid4(), position=position, label_fr=f"Taille {position}"
        )
        item = pledge.items.first()
        if position:
            item.pk = None
            item._state.adding = True
        item.variant = size
        item.save()

    add(0)
    page_of(visitor, pledge)
    with CaptureQueriesContext(connection) as one:
        assert words(page_of(visitor, pledge)).count("(Taille") == 2
    add(1)
    add(2)
    with CaptureQueriesContext(connection) as three:
        assert words(page_of(visitor, pledge)).count("(Taille") == 6
    assert len(three) == len(one)
