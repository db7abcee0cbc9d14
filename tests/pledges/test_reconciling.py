"""reconcile_stripe: nothing to say where all agrees, and each kind of difference named."""

import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from home import clock
from home.models import Backer, Cooperative
from home.tenancy import across_cooperatives, within
from pledges import accounts, checkout, gateway, payouts, pledging, saved_cards
from pledges.enums import CardState, CheckoutState, DisputeState, PaymentState, PayoutState
from pledges.gateway.client import client, on
from pledges.models import Checkout, Dispute, LedgerEntry, LedgerGroup, Payment, Payout, Pledge, Refund, StripeEvent
from pledges.reconciling import What
from tests.factories.campaigns import make_campaign
from tests.factories.requests import pledge_request
from tests.pledges.paying import flexible, paid
from tests.pledges.test_payouts import DISPUTED, dispute_of, give_back


def compared(*args):
    """What the command prints and its exit code."""
    out = io.StringIO()
    try:
        call_command("reconcile_stripe", *args, stdout=out)
    except CommandError as error:
        return out.getvalue(), error.returncode
    return out.getvalue(), 0


@pytest.fixture
def story(shop, stripe_double):
    """A payment with a partial refund, one disputed, a transfer, a promise with its card, a page still open."""
    accounts.refresh(shop)
    campaign = flexible(shop)
    give_back(paid(campaign, stripe_double, 10_000), 3_000)
    dispute_of(paid(campaign, stripe_double, 2_000, card=DISPUTED, email="b@example.com"), stripe_double)
    made = stripe_double.pay_out(shop.stripe_account)
    with within(shop):
        payouts.follow(shop, made["id"])
        promise(shop, stripe_double)
        row = pledging.begin(shop, pledge_request(campaign, extra=900, email="d@example.com"))
        checkout.open_page(row)
    return shop


def promise(shop, double):
    campaign = make_campaign(shop, title="Une roue")
    row = pledging.begin(shop, pledge_request(campaign, extra=4_000, email="c@example.com"))
    checkout.open_page(row)
    double.pay(row.stripe_session)
    assert checkout.finish(row) == CheckoutState.COMPLETE


def test_all_agrees(story):
    assert compared() == ("Stripe and our rows agree (1 compared).\n", 0)


def first(model, **fields):
    return model.objects.filter(**fields).order_by("pk").first()


def on_stripe(story):
    return client().v1, on(story.stripe_account)


def refund_outside(story):
    api, options = on_stripe(story)
    api.refunds.create({"payment_intent": first(Payment).stripe_intent, "amount": 100}, options)


def return_commission(story):
    api, options = on_stripe(story)
    charge = api.charges.retrieve(first(Payment).stripe_charge, {}, options)
    api.application_fees.refunds.create(charge.application_fee, {"amount": 1})


def charge_outside(story):
    api, options = on_stripe(story)
    kept = Pledge.objects.get(card_state=CardState.KEPT)
    api.payment_intents.create(
        {
            "amount": 777, "currency": "cad", "customer": kept.backer.stripe_customer, "confirm": True,
            "payment_method": kept.payment_method, "off_session": True, "allowed_payment_method_types": ["card"],
        },
        options,
    )  # fmt: skip


def forget_pledge(story):
    """Our row of a refund is gone, as from an older copy of the database."""
    Refund.objects.all().update(stripe_refund="re_gone")


def gone(model, **fields):
    return lambda story: model.objects.filter(pk=first(model).pk).update(**fields)


def event_that_fails(story):
    StripeEvent.objects.create(
        event_id="evt_1", account=story.stripe_account, kind="refund.created", object_id="re_1", attempts=5,
        last_error="ValueError", created_at=clock.now(), received_at=clock.now(),
    )  # fmt: skip


SEEDED = {
    "account": (What.ACCOUNT, lambda story: Cooperative.objects.update(payouts_enabled=False)),
    "charged outside": (What.UNKNOWN_PAYMENT, charge_outside),
    "state of a payment": (What.PAYMENT_STATE, gone(Payment, state=PaymentState.MEND)),
    "amount of a payment": (What.AMOUNT, gone(Payment, amount=F("amount") + 1)),
    "currency of a payment": (What.AMOUNT, gone(Payment, currency="USD")),
    "commission": (What.COMMISSION, gone(Payment, commission=1)),
    "fee": (What.FEE, gone(Payment, processing_fee=1)),
    "payment not there": (What.NOT_AT_STRIPE, gone(Payment, stripe_intent="pi_gone")),
    "payment never made": (What.NOT_AT_STRIPE, gone(Payment, stripe_intent="")),
    "refunded outside": (What.UNKNOWN_REFUND, refund_outside),
    "state of a refund": (What.REFUND_STATE, gone(Refund, state="due")),
    "amount of a refund": (What.AMOUNT, gone(Refund, amount=F("amount") + 1)),
    "refund not there": (What.NOT_AT_STRIPE, forget_pledge),
    "refund never made": (What.NOT_AT_STRIPE, gone(Refund, stripe_refund="")),
    "commission of a refund": (What.COMMISSION_RETURNED, gone(Refund, commission=1)),
    "commission returned outside": (What.COMMISSION_RETURNED, return_commission),
    "dispute not known": (What.UNKNOWN_DISPUTE, gone(Dispute, stripe_dispute="dp_other")),
    "dispute not there": (What.NOT_AT_STRIPE, gone(Dispute, stripe_dispute="dp_other")),
    "state of a dispute": (What.DISPUTE_STATE, gone(Dispute, state=DisputeState.WON)),
    "amount of a dispute": (What.AMOUNT, gone(Dispute, amount=1)),
    "page left open": (
        What.SESSION_LEFT_OPEN,
        lambda story: Checkout.objects.filter(state=CheckoutState.OPEN).update(state=CheckoutState.EXPIRED),
    ),
    "page of nobody": (
        What.UNKNOWN_SESSION,
        lambda story: Checkout.objects.filter(state=CheckoutState.OPEN).update(stripe_session="cs_other"),
    ),
    "page completed of nobody": (
        What.UNKNOWN_COMPLETE,
        lambda story: Checkout.objects.filter(pk=first(Checkout, state=CheckoutState.COMPLETE).pk).update(
            stripe_session="cs_other"
        ),
    ),
    "page completed and over here": (
        What.SESSION_COMPLETE,
        lambda story: Checkout.objects.filter(pk=first(Checkout, state=CheckoutState.COMPLETE).pk).update(
            state=CheckoutState.EXPIRED
        ),
    ),
    "customer of nobody": (
        What.UNKNOWN_CUSTOMER,
        lambda story: Backer.objects.filter(pk=Pledge.objects.get(card_state=CardState.KEPT).backer_id).update(
            stripe_customer="cus_other"
        ),
    ),
    "page over": (
        What.SESSION_OVER,
        lambda story: Checkout.objects.filter(state=CheckoutState.COMPLETE).update(
            state=CheckoutState.OPEN, expires_at=clock.now() - timedelta(hours=1)
        ),
    ),
    "card left": (
        What.CARD_LEFT,
        lambda story: Pledge.objects.filter(card_state=CardState.KEPT).update(card_state=CardState.DETACHED),
    ),
    "card gone": (
        What.CARD_GONE,
        lambda story: gateway.forget_card(
            story.stripe_account, Pledge.objects.get(card_state=CardState.KEPT).payment_method
        ),
    ),
    "customer gone": (
        What.CUSTOMER_GONE,
        lambda story: on_stripe(story)[0].customers.delete(
            Pledge.objects.get(card_state=CardState.KEPT).backer.stripe_customer, options=on_stripe(story)[1]
        ),
    ),
    "transfer not known": (What.UNKNOWN_PAYOUT, gone(Payout, stripe_payout="po_other")),
    "transfer not there": (What.NOT_AT_STRIPE, gone(Payout, stripe_payout="po_other")),
    "state of a transfer": (What.PAYOUT_STATE, gone(Payout, state=PayoutState.FAILED)),
    "amount of a transfer": (What.AMOUNT, gone(Payout, amount=1)),
    "ledger": (
        What.BALANCE,
        lambda story: LedgerEntry.objects.filter(pk=first(LedgerEntry, account="balance").pk).update(amount=1),
    ),
    "event not handled": (What.EVENT_WAITING, event_that_fails),
    "movement of nobody": (What.UNKNOWN_MOVEMENT, gone(Dispute, stripe_dispute="dp_other")),
}


@pytest.mark.parametrize("what", SEEDED)
def test_each_difference_is_named(story, what):
    expected, seed = SEEDED[what]
    with within(story):
        seed(story)
        before = counts()
    printed, code = compared()
    assert (expected.value in printed, code) == (True, 1), printed
    with within(story):
        assert counts() == before


def counts():
    return [model.objects.count() for model in (Payment, Refund, Dispute, Payout, LedgerGroup, Pledge, Backer)]


def test_a_card_forgotten_is_no_difference(story):
    with within(story):
        Pledge.objects.filter(card_state=CardState.KEPT).update(card_state=CardState.TO_DETACH)
    with across_cooperatives():
        saved_cards.forget_due()
    assert compared() == ("Stripe and our rows agree (1 compared).\n", 0)


def test_one_cooperative_alone(story, outsider, stripe_double):
    stripe_double.open_account(outsider)
    accounts.refresh(outsider)
    with within(outsider):
        Cooperative.objects.filter(pk=outsider.pk).update(payouts_enabled=False)
    printed, code = compared()
    assert (code, printed.splitlines()[0].startswith("large · ")) == (1, True)
    assert compared("--cooperative", "meule") == ("Stripe and our rows agree (1 compared).\n", 0)
    assert compared("--cooperative", "nobody")[1] == 2


def test_an_account_that_is_not_reached_is_one_difference_and_the_others_are_compared(story, outsider, stripe_double):
    stripe_double.open_account(outsider)
    accounts.refresh(outsider)
    stripe_double.set_account(outsider.stripe_account, deauthorized=True)
    printed, code = compared()
    assert (code, printed.count("\n"), What.UNREACHABLE.value in printed) == (1, 1, True)


def test_what_could_not_be_read_whole_is_said_apart(story, stripe_double):
    stripe_double.fault("GET /v1/refunds", "500")
    assert compared()[1] == 2
