"""Each kind of event that is followed: alone, doubled, backwards, too early or about nobody, the end is the same."""

import itertools

import pytest

from campaigns.enums import FundingModel
from home.tenancy import across_cooperatives
from pledges import event_routes, pledging, webhooks
from pledges.enums import CardState, DisputeState, PaymentState, PledgeState, RefundReason, RefundState
from pledges.models import Checkout, Dispute, FraudWarning, Payment, Refund, StripeEvent
from tests.factories.campaigns import make_campaign
from tests.pledges.aftermath import (
    KINDS,
    book_agrees,
    bring_events,
    close_dispute,
    contribute,
    groups,
    in_dashboard,
    ledger,
    mails,
    make_refunds,
    payment_of,
    settle,
)
from tests.stripe_double import Double

pytestmark = pytest.mark.usefixtures("in_the_shop")


@pytest.fixture
def campaign(shop):
    return make_campaign(shop, goal=1000)


@pytest.fixture
def flexible(shop):
    return make_campaign(shop, funding_model=FundingModel.FLEXIBLE)


def state():
    """All that events can change, to compare two ends."""
    return (
        list(Payment.objects.order_by("pk").values_list("state", "commission", "processing_fee")),
        list(Refund.objects.order_by("pk").values_list("state", "amount", "commission", "reason")),
        list(Dispute.objects.order_by("pk").values_list("state", "amount", "fee")),
        groups(),
        ledger(),
    )


def test_every_kind_has_a_handler_and_others_change_nothing(cooperative):
    assert [kind for kind in KINDS if kind not in event_routes.ROUTES] == []
    event_routes.follow(StripeEvent(kind="invoice.paid", object_id="in_1"), cooperative)


def test_checkout_session_completed_confirms_a_contribution(flexible, shop, stripe_double):
    made = contribute(flexible, stripe_double, finish=False)
    assert made.state == PledgeState.PENDING
    bring_events(stripe_double, shop.stripe_account, "checkout.session.completed")
    made.refresh_from_db()
    assert made.state == PledgeState.CONFIRMED
    book_agrees(stripe_double, shop.stripe_account)


def test_checkout_session_expired_frees_what_was_held(flexible, shop, stripe_double):
    from pledges import checkout
    from tests.factories.requests import pledge_request

    row = pledging.begin(shop, pledge_request(flexible, (flexible.rewards.first(), 1)))
    checkout.open_page(row)
    stripe_double.advance(minutes=36)
    bring_events(stripe_double, shop.stripe_account, "checkout.session.expired")
    assert Checkout.objects.get().state == "expired"
    assert groups() == []


def test_payment_intent_succeeded_and_payment_failed_are_read_back(campaign, shop, stripe_double):
    contribute(campaign, stripe_double)
    contribute(campaign, stripe_double, card="4000000000000341", email="b@example.com")
    settle(campaign)
    before = state()
    bring_events(stripe_double, shop.stripe_account, "payment_intent.payment_failed", "payment_intent.succeeded")
    assert state() == before
    book_agrees(stripe_double, shop.stripe_account)


def test_payment_intent_canceled_in_the_dashboard_lets_another_card_pay(campaign, shop, stripe_double):
    from pledges import mending

    made = contribute(campaign, stripe_double, card="4000000000000341")
    settle(campaign)
    first = payment_of(made).stripe_intent
    api, on = in_dashboard(shop.stripe_account)
    api.payment_intents.cancel(first, options=on)
    bring_events(stripe_double, shop.stripe_account, "payment_intent.canceled")
    payment = payment_of(made)
    assert (payment.state, payment.stripe_intent) == (PaymentState.MEND, "")
    mending.open_card_page(payment)
    row = Checkout.objects.get(payment=payment)
    stripe_double.pay(row.stripe_session)
    assert mending.finish_card(row, "http://meule.localhost/") == ""
    payment = payment_of(made)
    assert (payment.state, payment.stripe_intent == first) == (PaymentState.PAID, False)
    book_agrees(stripe_double, shop.stripe_account)


@pytest.mark.parametrize("kind", ["charge.refunded", "refund.created", "charge.refund.updated"])
def test_a_refund_made_in_the_dashboard_is_recorded_once(flexible, shop, stripe_double, kind):
    made = contribute(flexible, stripe_double)
    api, on = in_dashboard(shop.stripe_account)
    refund = api.refunds.create(
        {"payment_intent": payment_of(made).stripe_intent, "amount": 1234, "refund_application_fee": True}, on
    )
    if kind == "charge.refund.updated":
        StripeEvent.objects.create(
            event_id="evt_1", account=shop.stripe_account, kind=kind, object_id=refund.id,
            created_at=made.created_at, received_at=made.created_at,
        )  # fmt: skip
        webhooks.handle_waiting()
    bring_events(stripe_double, shop.stripe_account, kind)
    bring_events(stripe_double, shop.stripe_account)
    row = Refund.objects.get()
    assert (row.state, row.reason, row.amount) == (RefundState.DONE, RefundReason.OUTSIDE, 1234)
    assert mails("refund_made") == [(f"refund:{row.pk}", "camille@example.com")]
    book_agrees(stripe_double, shop.stripe_account)


def test_a_refund_without_our_commission_keeps_it(flexible, shop, stripe_double):
    made = contribute(flexible, stripe_double)
    api, on = in_dashboard(shop.stripe_account)
    api.refunds.create({"payment_intent": payment_of(made).stripe_intent}, on)
    bring_events(stripe_double, shop.stripe_account, "charge.refunded")
    assert (Refund.objects.get().commission, ledger()["commission"]) == (0, 150)
    book_agrees(stripe_double, shop.stripe_account)


def test_events_of_our_own_refund_that_come_before_its_answer_record_it_once(flexible, shop, stripe_double):
    made = contribute(flexible, stripe_double)
    pledging.cancel(made)
    stripe_double.fault("POST /v1/refunds", "timeout_after_commit")
    make_refunds(stripe_double)
    assert Refund.objects.get().state == RefundState.DUE
    bring_events(stripe_double, shop.stripe_account, "refund.created", "charge.refunded")
    row = Refund.objects.get()
    assert (row.state, row.reason) == (RefundState.DONE, RefundReason.CANCELLED)
    Refund.objects.update(lease_until=None)
    make_refunds(stripe_double)
    book_agrees(stripe_double, shop.stripe_account)


@pytest.mark.parametrize("order", list(itertools.permutations(["refund.created", "refund.failed", "refund.updated"])))
def test_refund_failed_and_updated_in_any_order(flexible, shop, stripe_double, order):
    made = contribute(flexible, stripe_double, card="4000000000005126")
    pledging.cancel(made)
    make_refunds(stripe_double)
    bring_events(stripe_double, shop.stripe_account, *order)
    assert Refund.objects.get().state == RefundState.FAILED
    assert groups() == ["payment", "fee", "refund", "refund_failed"]
    book_agrees(stripe_double, shop.stripe_account)


DISPUTED = ["charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"]


@pytest.mark.parametrize("order", list(itertools.permutations(DISPUTED)))
@pytest.mark.parametrize("status", ["won", "lost"])
def test_dispute_events_in_any_order_after_the_bank_decided(flexible, shop, stripe_double, order, status):
    contribute(flexible, stripe_double, card="4000000000000259")
    bring_events(stripe_double, shop.stripe_account, "charge.dispute.created")
    close_dispute(stripe_double, Dispute.objects.get().stripe_dispute, status)
    bring_events(stripe_double, shop.stripe_account, *order, "charge.dispute.funds_reinstated")
    after = state()
    assert Dispute.objects.get().state == status
    assert groups() == ["payment", "fee", "dispute", f"dispute_{status}"]
    StripeEvent.objects.update(handled_at=None)
    webhooks.handle_waiting()
    assert state() == after
    book_agrees(stripe_double, shop.stripe_account)


def test_charge_dispute_created_before_we_know_of_the_payment(flexible, shop, stripe_double):
    made = contribute(flexible, stripe_double, card="4000000000000259", finish=False)
    assert Payment.objects.count() == 0
    bring_events(stripe_double, shop.stripe_account, "charge.dispute.created")
    made.refresh_from_db()
    assert (made.state, Dispute.objects.get().state) == (PledgeState.CONFIRMED, DisputeState.OPEN)
    bring_events(stripe_double, shop.stripe_account, backwards=True)
    assert groups() == ["payment", "fee", "dispute"]
    book_agrees(stripe_double, shop.stripe_account)


def test_an_inquiry_that_becomes_a_dispute_withdraws_then(flexible, shop, stripe_double):
    from dataclasses import replace

    from pledges import disputes, gateway

    made = contribute(flexible, stripe_double, card="4000000000001976")
    bring_events(stripe_double, shop.stripe_account)
    row = Dispute.objects.get()
    inquiry = gateway.read_dispute(shop.stripe_account, row.stripe_dispute)
    escalated = replace(inquiry, status="needs_response", withdrawn=3000, fee=1500)
    payment = payment_of(made)
    for found in (escalated, inquiry, escalated):
        disputes.follow(payment, found)
    row.refresh_from_db()
    assert (row.state, row.fee, groups()) == (DisputeState.OPEN, 1500, ["payment", "fee", "dispute"])
    assert [occasion for occasion, _to in mails("dispute_opened")] == []


def test_radar_early_fraud_warning_created_is_kept_once(flexible, shop, stripe_double):
    contribute(flexible, stripe_double, card="4000000000005423", finish=False)
    bring_events(stripe_double, shop.stripe_account, "radar.early_fraud_warning.created")
    bring_events(stripe_double, shop.stripe_account)
    assert FraudWarning.objects.get().payment.state == PaymentState.PAID
    book_agrees(stripe_double, shop.stripe_account)


def test_payment_method_detached_asks_for_another_card(campaign, shop, stripe_double):
    made = contribute(campaign, stripe_double)
    api, on = in_dashboard(shop.stripe_account)
    api.payment_methods.detach(made.payment_method, options=on)
    bring_events(stripe_double, shop.stripe_account, "payment_method.detached")
    made.refresh_from_db()
    assert (made.state, made.card_state, made.payment_method) == (PledgeState.CONFIRMED, CardState.NONE, "")
    settle(campaign)
    payment = payment_of(made)
    assert (payment.state, payment.stripe_intent, payment.decline_code) == (PaymentState.MEND, "", "no_card")
    assert mails("payment_to_mend") == [("0", "camille@example.com")]
    book_agrees(stripe_double, shop.stripe_account)


def test_customer_deleted_makes_a_new_customer_for_the_next_card(campaign, shop, stripe_double):
    from pledges import mending

    made = contribute(campaign, stripe_double)
    first = made.backer.stripe_customer
    api, on = in_dashboard(shop.stripe_account)
    api.customers.delete(first, options=on)
    bring_events(stripe_double, shop.stripe_account, "customer.deleted")
    made.refresh_from_db()
    made.backer.refresh_from_db()
    assert (made.card_state, made.backer.stripe_customer) == (CardState.NONE, "")
    settle(campaign)
    payment = payment_of(made)
    mending.open_card_page(payment)
    row = Checkout.objects.get(payment=payment)
    stripe_double.pay(row.stripe_session)
    assert mending.finish_card(row, "http://meule.localhost/") == ""
    payment = payment_of(made)
    assert (payment.state, payment.pledge.backer.stripe_customer not in ("", first)) == (PaymentState.PAID, True)
    book_agrees(stripe_double, shop.stripe_account)


def test_a_customer_whose_deletion_we_never_heard_of_is_replaced_too(campaign, shop, stripe_double):
    made = contribute(campaign, stripe_double)
    first = made.backer.stripe_customer
    api, on = in_dashboard(shop.stripe_account)
    api.customers.delete(first, options=on)
    again = contribute(campaign, stripe_double)
    assert again.state == PledgeState.CONFIRMED
    assert again.backer.stripe_customer not in ("", first)
    made.refresh_from_db()
    assert made.card_state == CardState.NONE


def test_an_event_about_nobody_of_ours_or_of_another_cooperative_changes_nothing(
    flexible, shop, stripe_double: Double, outsider
):
    """The same object ids under another account name nothing there."""
    made = contribute(flexible, stripe_double, card="4000000000000259")
    stripe_double.open_account(outsider)
    api, on = in_dashboard(shop.stripe_account)
    dispute = api.disputes.list({"limit": 1}, on).data[0].id
    for number, (kind, object_id) in enumerate(
        [
            ("charge.dispute.created", dispute),
            ("charge.refunded", payment_of(made).stripe_charge),
            ("payment_method.detached", "pm_1"),
            ("customer.deleted", made.backer.stripe_customer),
        ]
    ):
        StripeEvent.objects.create(
            event_id=f"evt_{number}", account=outsider.stripe_account, kind=kind, object_id=object_id,
            created_at=made.created_at, received_at=made.created_at,
        )  # fmt: skip
    webhooks.handle_waiting()
    with across_cooperatives():
        assert (Dispute.objects.count(), Refund.objects.count()) == (0, 0)
    made.backer.refresh_from_db()
    assert made.backer.stripe_customer
