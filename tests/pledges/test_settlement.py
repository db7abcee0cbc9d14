"""From promise to debit, against the Stripe double: charged exactly once, or not at all."""

from datetime import timedelta

import pytest
from django.db.models import F

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, RewardStock
from home import clock
from home.models import Backer, OutgoingMail
from home.tenancy import within
from pledges import charging, checkout, gateway, mending, pledging, settlement, tasks
from pledges.choosing import PledgeRefused
from pledges.enums import CardState, CheckoutState, PaymentState, PledgeState
from pledges.models import Checkout, LedgerEntry, Payment, PaymentAttempt, Pledge
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.requests import pledge_request

SAVES_THEN_DECLINES = "4000000000000341"
ALWAYS_ASKS = "4000002760003184"


@pytest.fixture(autouse=True)
def scope(shop):
    with within(shop):
        yield


@pytest.fixture
def campaign(shop, stripe_double):
    return make_campaign(shop, goal=5000)


def pledge(campaign, double, *chosen, card="4242424242424242", **fields):
    """A backer's whole way to a confirmed pledge."""
    row = pledging.begin(campaign.cooperative, pledge_request(campaign, *chosen, **fields))
    checkout.open_page(row)
    double.pay(row.stripe_session, card)
    assert checkout.finish(row) == CheckoutState.COMPLETE
    return Pledge.objects.select_related("campaign", "backer", "cooperative__site").get(pk=row.pledge_id)


def settle(campaign):
    end_now(campaign)
    return settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))


def ledger_of(cooperative):
    totals = {}
    for entry in LedgerEntry.objects.filter(cooperative=cooperative):
        totals[entry.account] = totals.get(entry.account, 0) + entry.amount
    return totals


def mails(kind):
    return sorted(OutgoingMail.objects.filter(kind=kind).values_list("address", flat=True))


def test_a_promise_saves_the_card_and_charges_nothing(campaign, shop, stripe_double):
    box = campaign.rewards.get(limit=10)
    made = pledge(campaign, stripe_double, (box, 2))
    assert (made.state, made.amount, made.card_last4, made.card_state) == (
        PledgeState.CONFIRMED,
        13000,
        "4242",
        CardState.KEPT,
    )
    stock = RewardStock.objects.get(reward=box)
    assert (stock.held, stock.promised) == (0, 2)
    assert stripe_double.journal(shop.stripe_account) == []
    assert mails("pledge_confirmed") == ["camille@example.com"]


def test_a_goal_that_is_met_charges_every_card_once(campaign, shop, stripe_double):
    make_user(shop)
    pledge(campaign, stripe_double, (campaign.rewards.first(), 1))
    pledge(campaign, stripe_double, (campaign.rewards.last(), 1), email="priya@example.com", language="en")
    assert settle(campaign) == CampaignState.FUNDED
    assert settlement.settle(campaign) == CampaignState.FUNDED
    assert sorted(line["amount"] for line in stripe_double.journal(shop.stripe_account, "charge")) == [3000, 6500]
    assert sorted(abs(line["amount"]) for line in stripe_double.journal(shop.stripe_account, "application_fee")) == [
        150,
        325,
    ]
    campaign.refresh_from_db()
    assert (campaign.pledged_at_deadline, campaign.backers_at_deadline) == (9500, 2)
    assert mails("goal_met_charged") == ["camille@example.com", "priya@example.com"]
    assert mails("campaign_outcome") == ["editor@meule.example"]
    fees = sum(Payment.objects.values_list("processing_fee", flat=True))
    assert ledger_of(shop) == {
        "contributions": -9500,
        "commission": 475,
        "processing_fees": fees,
        "balance": 9500 - 475 - fees,
    }


def test_a_goal_that_is_missed_charges_nothing_and_forgets_the_cards(campaign, shop, stripe_double):
    made = pledge(campaign, stripe_double, (campaign.rewards.first(), 1))
    card = made.payment_method
    assert settle(campaign) == CampaignState.MISSED
    assert stripe_double.journal(shop.stripe_account) == []
    made.refresh_from_db()
    assert (made.state, made.card_state) == (PledgeState.GOAL_MISSED, CardState.TO_DETACH)
    from pledges import saved_cards

    assert saved_cards.forget_due() == 1
    made.refresh_from_db()
    assert made.card_state == CardState.DETACHED
    gateway.forget_card(shop.stripe_account, card)
    assert mails("goal_missed") == ["camille@example.com"]
    assert list(LedgerEntry.objects.all()) == []


def test_a_declined_card_is_mended_on_the_same_payment_with_another(campaign, shop, stripe_double):
    made = pledge(campaign, stripe_double, (campaign.rewards.last(), 1), card=SAVES_THEN_DECLINES)
    settle(campaign)
    payment = Payment.objects.get(pledge=made)
    intent = payment.stripe_intent
    assert (payment.state, bool(intent)) == (PaymentState.MEND, True)
    assert mails("payment_to_mend") == ["camille@example.com"]
    address = mending.open_card_page(payment)
    row = Checkout.objects.get(payment=payment)
    assert address == row.url
    stripe_double.pay(row.stripe_session)
    assert mending.finish_card(row, "http://meule.localhost/") == ""
    payment.refresh_from_db()
    assert (payment.state, payment.stripe_intent) == (PaymentState.PAID, intent)
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "charge")] == [6500]
    assert mails("goal_met_charged") == ["camille@example.com"]


def test_a_bank_that_asks_is_answered_on_its_page(campaign, shop, stripe_double):
    made = pledge(campaign, stripe_double, (campaign.rewards.last(), 1), card=ALWAYS_ASKS)
    settle(campaign)
    payment = Payment.objects.select_related("pledge__cooperative", "pledge__campaign").get(pledge=made)
    assert payment.state == PaymentState.ACTION
    address = mending.pay_with_saved_card(payment, "http://meule.localhost/fr/retour/")
    assert address.startswith("http")
    payment.refresh_from_db()
    assert payment.state == PaymentState.ACTION
    assert stripe_double.journal(shop.stripe_account, "charge") == []
    assert stripe_double.answer_bank(address).startswith("http://meule.localhost/fr/retour/")
    assert mending.refresh(payment) == PaymentState.PAID
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "charge")] == [6500]


def test_a_flexible_contribution_is_paid_at_once(shop, stripe_double):
    campaign = make_campaign(shop, funding_model=FundingModel.FLEXIBLE, title="Un four", goal=900_000)
    made = pledge(campaign, stripe_double, (campaign.rewards.first(), 1), extra=1050)
    assert (made.state, made.amount) == (PledgeState.CONFIRMED, 4050)
    payment = Payment.objects.get(pledge=made)
    assert (payment.state, payment.amount, payment.commission) == (PaymentState.PAID, 4050, 203)
    assert mails("contribution_receipt") == ["camille@example.com"]
    assert settle(campaign) == CampaignState.ENDED
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "charge")] == [4050]


def test_a_flexible_contribution_cancelled_is_refunded_with_its_commission(shop, stripe_double):
    from pledges import refunds

    campaign = make_campaign(shop, funding_model=FundingModel.FLEXIBLE, title="Un four", goal=900_000)
    made = pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
    assert pledging.cancel(made) is True
    assert pledging.cancel(made) is False
    assert refunds.make_due() == 1
    assert refunds.make_due() == 0
    payment = Payment.objects.get(pledge=made)
    assert ledger_of(shop) == {
        "contributions": 0,
        "commission": 0,
        "processing_fees": payment.processing_fee,
        "balance": -payment.processing_fee,
    }
    assert [abs(line["amount"]) for line in stripe_double.journal(shop.stripe_account, "refund")] == [6500]
    assert RewardStock.objects.get(reward=campaign.rewards.last()).promised == 0
    assert mails("refund_made") == ["camille@example.com"]


def test_an_open_page_is_ended_before_the_outcome_is_decided(campaign, shop, stripe_double):
    pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
    row = pledging.begin(shop, pledge_request(campaign, (campaign.rewards.last(), 1), email="late@example.com"))
    checkout.open_page(row)
    assert settle(campaign) == CampaignState.FUNDED
    row.refresh_from_db()
    assert row.state == CheckoutState.EXPIRED
    stock = RewardStock.objects.get(reward=campaign.rewards.last())
    assert (stock.held, stock.promised) == (0, 1)


def test_a_page_paid_just_before_it_is_ended_counts(campaign, shop, stripe_double):
    row = pledging.begin(shop, pledge_request(campaign, (campaign.rewards.last(), 1)))
    checkout.open_page(row)
    stripe_double.pay(row.stripe_session)
    assert settle(campaign) == CampaignState.FUNDED
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "charge")] == [6500]


def test_no_outcome_while_a_page_cannot_be_ended(campaign, shop, stripe_double):
    pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
    row = pledging.begin(shop, pledge_request(campaign, (campaign.rewards.last(), 1), email="late@example.com"))
    checkout.open_page(row)
    stripe_double.fault("POST /v1/checkout/sessions", "500", times=1)
    assert settle(campaign) == CampaignState.CLOSING
    assert settlement.settle(campaign) == CampaignState.FUNDED


def test_no_pledge_begins_after_the_deadline(campaign, shop):
    end_now(campaign)
    with pytest.raises(PledgeRefused) as refused:
        pledging.begin(shop, pledge_request(campaign, (campaign.rewards.last(), 1)))
    assert refused.value.code == "closed"
    assert list(Pledge.objects.all()) == []


@pytest.mark.parametrize("kind", ["500_after_commit", "timeout_after_commit", "500", "429"])
def test_a_charge_whose_answer_is_lost_is_made_once(kind, campaign, shop, stripe_double):
    made = pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
    stripe_double.fault("POST /v1/payment_intents", kind)
    settle(campaign)
    for _minute in range(3):
        Payment.objects.update(lease_until=None)
        PaymentAttempt.objects.update(started_at=F("started_at") - timedelta(minutes=1))
        settlement.settle(campaign)
    assert Payment.objects.get(pledge=made).state == PaymentState.PAID
    assert [line["amount"] for line in stripe_double.journal(shop.stripe_account, "charge")] == [6500]


def test_a_charge_whose_answer_was_lost_a_day_ago_is_found_again(campaign, shop, stripe_double):
    made = pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
    stripe_double.fault("POST /v1/payment_intents", "timeout_after_commit")
    settle(campaign)
    payment = Payment.objects.select_related("pledge__backer", "pledge__cooperative", "pledge__campaign").get(
        pledge=made
    )
    assert payment.state == PaymentState.DUE
    stripe_double.advance(hours=25)
    payment.attempts.update(started_at=clock.now() - timedelta(hours=25))
    charging.charge(payment)
    payment.refresh_from_db()
    assert payment.state == PaymentState.PAID
    assert len(stripe_double.journal(shop.stripe_account, "charge")) == 1


def test_the_same_form_posted_twice_is_one_pledge(campaign, shop):
    request = pledge_request(campaign, (campaign.rewards.last(), 1))
    assert pledging.begin(shop, request) == pledging.begin(shop, request)
    assert RewardStock.objects.get(reward=campaign.rewards.last()).held == 1


def test_the_last_one_is_sold_once(campaign, shop):
    box = campaign.rewards.last()
    pledging.begin(shop, pledge_request(campaign, (box, 10)))
    with pytest.raises(PledgeRefused) as refused:
        pledging.begin(shop, pledge_request(campaign, (campaign.rewards.first(), 1), (box, 1), email="b@example.com"))
    assert (refused.value.code, refused.value.reward) == ("sold_out", box)
    assert Pledge.objects.count() == 1


def test_an_abandoned_page_gives_its_stock_back(campaign, shop, stripe_double):
    row = pledging.begin(shop, pledge_request(campaign, (campaign.rewards.last(), 3)))
    checkout.open_page(row)
    assert checkout.finish(row) == CheckoutState.OPEN
    assert RewardStock.objects.get(reward=campaign.rewards.last()).held == 3
    assert checkout.end(row) == CheckoutState.EXPIRED
    assert RewardStock.objects.get(reward=campaign.rewards.last()).held == 0
    assert stripe_double.session(shop.stripe_account, row.stripe_session).status == "expired"


def test_a_page_whose_answer_was_lost_is_found_and_ended(campaign, shop, stripe_double):
    row = pledging.begin(shop, pledge_request(campaign, (campaign.rewards.last(), 3)))
    stripe_double.fault("POST /v1/checkout/sessions", "timeout_after_commit")
    with pytest.raises(gateway.Unavailable):
        checkout.open_page(row)
    assert RewardStock.objects.get(reward=campaign.rewards.last()).held == 3
    assert checkout.end(row) == CheckoutState.EXPIRED
    assert RewardStock.objects.get(reward=campaign.rewards.last()).held == 0


def test_a_fee_that_comes_later_is_recorded_when_it_is_known(shop, stripe_double):
    """Asynchronous capture: the balance transaction exists only after a while."""
    campaign = make_campaign(shop, funding_model=FundingModel.FLEXIBLE, title="Un four", goal=900_000)
    stripe_double.capture_later(3600)
    made = pledge(campaign, stripe_double, (campaign.rewards.last(), 1))
    assert Payment.objects.get(pledge=made).processing_fee is None
    assert "processing_fees" not in ledger_of(shop)
    stripe_double.advance(hours=2)
    tasks.learn_fees.call()
    payment = Payment.objects.get(pledge=made)
    assert ledger_of(shop) == {
        "contributions": -6500,
        "commission": 325,
        "processing_fees": payment.processing_fee,
        "balance": 6500 - 325 - payment.processing_fee,
    }


def test_typing_a_known_address_changes_nothing_of_its_backer(campaign, shop, stripe_double):
    pledge(campaign, stripe_double, (campaign.rewards.first(), 1))
    pledging.begin(shop, pledge_request(campaign, name="Someone else", language="en"))
    backer = Backer.objects.get()
    assert (backer.name, backer.language) == ("Camille Rivard", "fr")
