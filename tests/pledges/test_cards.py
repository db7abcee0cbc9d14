"""Each of Stripe's test cards that stack.md lists, walked from the hosted page to what follows; the books agree."""

import pytest

from campaigns.enums import FundingModel
from home.models import Role
from pledges import mending, refund_decisions
from pledges.enums import CheckoutState, DisputeState, PaymentState, PledgeState, RefundState
from pledges.models import Checkout, Dispute, FraudWarning, Payment, Refund
from tests.factories.campaigns import make_campaign
from tests.factories.cooperatives import make_user
from tests.pledges.aftermath import (
    answer_of_issuer,
    attend,
    book_agrees,
    bring_events,
    close_dispute,
    contribute,
    groups,
    ledger,
    mails,
    make_refunds,
    pass_days,
    payment_of,
    settle,
)

BACK = "http://meule.localhost/fr/retour/"


pytestmark = pytest.mark.usefixtures("in_the_shop")


@pytest.fixture
def campaign(shop):
    """All or nothing, with two tiers of 30 $ and 65 $; its goal is met by one contribution."""
    return make_campaign(shop, goal=1000)


@pytest.fixture
def flexible(shop):
    return make_campaign(shop, funding_model=FundingModel.FLEXIBLE)


@pytest.fixture
def treasurer(shop):
    return make_user(shop, Role.TREASURER)


def test_card_4242_is_charged_once(campaign, shop, stripe_double):
    made = contribute(campaign, stripe_double, card="4242424242424242")
    settle(campaign)
    assert payment_of(made).state == PaymentState.PAID
    assert groups() == ["payment", "fee"]
    book_agrees(stripe_double, shop.stripe_account)


@pytest.mark.parametrize(
    ("card", "code"),
    [
        ("4000000000000002", "generic_decline"),
        ("4000000000009995", "insufficient_funds"),
        ("4000000000000069", "expired_card"),
        ("4000000000000127", "incorrect_cvc"),
        ("4000000000000119", "processing_error"),
    ],
)
@pytest.mark.parametrize("model", FundingModel.values)
def test_a_card_that_the_hosted_page_declines_makes_no_contribution(shop, stripe_double, model, card, code):
    """...0002, ...9995, ...0069, ...0127, ...0119: refused where they are typed, for a promise and for a payment."""
    campaign = make_campaign(shop, funding_model=model, goal=1000)
    made = contribute(campaign, stripe_double, card=card)
    assert made.state == PledgeState.PENDING
    bring_events(stripe_double, shop.stripe_account)
    assert (Payment.objects.count(), groups()) == (0, [])
    row = Checkout.objects.get()
    assert stripe_double.pay(row.stripe_session)["state"] == "done"
    bring_events(stripe_double, shop.stripe_account, "checkout.session.completed")
    made.refresh_from_db()
    assert made.state == PledgeState.CONFIRMED
    book_agrees(stripe_double, shop.stripe_account)


@pytest.mark.parametrize(
    ("code", "again"),
    [
        ("generic_decline", True),
        ("insufficient_funds", True),
        ("processing_error", True),
        ("do_not_honor", True),
        ("try_again_later", True),
        ("issuer_not_available", True),
        ("expired_card", False),
        ("incorrect_cvc", False),
        ("lost_card", False),
        ("stolen_card", False),
        ("pickup_card", False),
        ("fraudulent", False),
        ("do_not_try_again", False),
        ("revocation_of_authorization", False),
    ],
)
def test_a_saved_card_is_charged_again_only_where_its_decline_allows(campaign, shop, stripe_double, code, again):
    made = contribute(campaign, stripe_double)
    answer_of_issuer(stripe_double, made.payment_method, code)
    settle(campaign)
    payment = payment_of(made)
    assert (payment.state, payment.decline_code, payment.retry_at is not None) == (PaymentState.MEND, code, again)
    assert mails("payment_to_mend") == [("0", "camille@example.com")]
    answer_of_issuer(stripe_double, made.payment_method, None)
    pass_days(stripe_double, 1)
    attend(campaign)
    payment.refresh_from_db()
    assert payment.state == (PaymentState.PAID if again else PaymentState.MEND)
    assert payment.attempts.count() == (2 if again else 1)
    assert len({attempt.key for attempt in payment.attempts.all()}) == payment.attempts.count()
    book_agrees(stripe_double, shop.stripe_account)


def test_card_0341_is_saved_then_declined_and_dropped_as_the_grace_ends(campaign, shop, stripe_double):
    made = contribute(campaign, stripe_double, card="4000000000000341")
    settle(campaign)
    payment = payment_of(made)
    assert (payment.state, payment.decline_code) == (PaymentState.MEND, "generic_decline")
    for _day in range(7):
        pass_days(stripe_double, 1)
        attend(campaign)
    payment.refresh_from_db()
    made.refresh_from_db()
    assert (payment.state, made.state) == (PaymentState.DROPPED, PledgeState.DROPPED)
    assert payment.attempts.count() == 1 + 3 + 1
    assert [occasion for occasion, _to in mails("payment_to_mend")] == ["0", "2", "4", "6"]
    assert groups() == []
    book_agrees(stripe_double, shop.stripe_account)


def test_card_3155_asks_at_set_up_then_is_charged_without_its_owner(campaign, shop, stripe_double):
    made = contribute(campaign, stripe_double, card="4000002500003155")
    settle(campaign)
    assert payment_of(made).state == PaymentState.PAID
    book_agrees(stripe_double, shop.stripe_account)


def test_card_3184_always_asks_and_is_never_charged_again_without_its_owner(campaign, shop, stripe_double):
    made = contribute(campaign, stripe_double, card="4000002760003184")
    settle(campaign)
    payment = payment_of(made)
    assert (payment.state, payment.retry_at) == (PaymentState.ACTION, None)
    pass_days(stripe_double, 3)
    attend(campaign)
    assert payment.attempts.count() == 1
    address = mending.pay_with_saved_card(payment, BACK)
    stripe_double.answer_bank(address)
    assert mending.refresh(payment) == PaymentState.PAID
    book_agrees(stripe_double, shop.stripe_account)


def test_card_3178_asks_then_has_too_little_and_is_charged_again_later(campaign, shop, stripe_double):
    made = contribute(campaign, stripe_double, card="4000008260003178")
    settle(campaign)
    payment = payment_of(made)
    assert (payment.state, payment.decline_code) == (PaymentState.MEND, "insufficient_funds")
    assert payment.retry_at is not None
    book_agrees(stripe_double, shop.stripe_account)


def test_card_0446_is_charged_without_its_owner(campaign, shop, stripe_double):
    """Set up already for off-session use; on a page its bank asks."""
    made = contribute(campaign, stripe_double, card="4000003800000446")
    settle(campaign)
    assert payment_of(made).state == PaymentState.PAID
    book_agrees(stripe_double, shop.stripe_account)


def test_card_0019_is_blocked_and_another_card_is_asked_for(campaign, shop, stripe_double):
    made = contribute(campaign, stripe_double, card="4100000000000019")
    settle(campaign)
    payment = payment_of(made)
    assert (payment.state, payment.decline_code, payment.retry_at) == (PaymentState.MEND, "fraudulent", None)
    mending.open_card_page(payment)
    row = Checkout.objects.get(payment=payment)
    stripe_double.pay(row.stripe_session)
    bring_events(stripe_double, shop.stripe_account, "checkout.session.completed")
    assert payment_of(made).state == PaymentState.PAID
    assert Checkout.objects.get(pk=row.pk).state == CheckoutState.COMPLETE
    book_agrees(stripe_double, shop.stripe_account)


@pytest.mark.parametrize(
    ("card", "reason"), [("4000000000000259", "fraudulent"), ("4000000000002685", "product_not_received")]
)
@pytest.mark.parametrize("outcome", ["won", "lost"])
def test_cards_0259_and_2685_are_disputed(flexible, shop, stripe_double, treasurer, card, reason, outcome):
    made = contribute(flexible, stripe_double, card=card)
    bring_events(stripe_double, shop.stripe_account)
    dispute = Dispute.objects.get()
    assert (dispute.state, dispute.reason, dispute.amount, dispute.fee) == (DisputeState.OPEN, reason, 3000, 1500)
    assert ledger()["disputed"] == 3000
    assert mails("dispute_opened") == [("open", treasurer.email)]
    with pytest.raises(refund_decisions.RefundRefused, match="disputed"):
        ask(payment_of(made), treasurer)
    close_dispute(stripe_double, dispute.stripe_dispute, outcome)
    bring_events(stripe_double, shop.stripe_account, backwards=True)
    dispute.refresh_from_db()
    assert (dispute.state, dispute.closed_at is not None) == (outcome, True)
    assert "disputed" not in ledger()
    assert ledger().get("contributions", 0) == (-3000 if outcome == "won" else 0)
    assert ledger()["commission"] == 150
    assert mails("dispute_closed") == [(outcome, treasurer.email)]
    book_agrees(stripe_double, shop.stripe_account)


def ask(payment, by, amount=None):
    import uuid

    return refund_decisions.ask(
        payment, amount=amount or payment.amount, reason="agreed", note="", by=by, key=uuid.uuid4()
    )


def test_card_1976_is_asked_about_without_any_money_moving(flexible, shop, stripe_double, treasurer):
    made = contribute(flexible, stripe_double, card="4000000000001976")
    bring_events(stripe_double, shop.stripe_account)
    dispute = Dispute.objects.get()
    assert (dispute.state, dispute.fee, groups()) == (DisputeState.INQUIRY, 0, ["payment", "fee"])
    assert mails("dispute_opened") == [("inquiry", treasurer.email)]
    ask(payment_of(made), treasurer, 1000)
    make_refunds(stripe_double)
    close_dispute(stripe_double, dispute.stripe_dispute, "won")
    bring_events(stripe_double, shop.stripe_account)
    dispute.refresh_from_db()
    assert dispute.state == DisputeState.INQUIRY_CLOSED
    book_agrees(stripe_double, shop.stripe_account)


def test_card_5423_brings_an_early_warning_and_a_refund_is_proposed(flexible, shop, stripe_double, treasurer):
    made = contribute(flexible, stripe_double, card="4000000000005423")
    bring_events(stripe_double, shop.stripe_account)
    warning = FraudWarning.objects.get()
    assert (warning.payment.pledge_id, warning.kind, warning.actionable) == (made.pk, "made_with_stolen_card", True)
    assert mails("fraud_warning") == [("", treasurer.email)]
    book_agrees(stripe_double, shop.stripe_account)


def test_card_5126_is_refunded_then_the_bank_sends_the_money_back(flexible, shop, stripe_double, treasurer):
    made = contribute(flexible, stripe_double, card="4000000000005126")
    refund = ask(payment_of(made), treasurer)
    make_refunds(stripe_double)
    refund.refresh_from_db()
    assert (refund.state, refund.commission) == (RefundState.DONE, 150)
    bring_events(stripe_double, shop.stripe_account)
    refund.refresh_from_db()
    assert (refund.state, refund.failure) == (RefundState.FAILED, "expired_or_canceled_card")
    assert ledger()["refunds_owed"] == -3000
    assert mails("refund_bounced") == [("bounced", treasurer.email)]
    book_agrees(stripe_double, shop.stripe_account)
    with pytest.raises(refund_decisions.RefundRefused, match="nothing_left"):
        ask(payment_of(made), treasurer)
    refund_decisions.settle_otherwise(refund, treasurer)
    assert ("refunds_owed" in ledger(), ledger()["bank"]) == (False, -3000)
    assert groups() == ["payment", "fee", "refund", "refund_failed", "refund_settled"]
    book_agrees(stripe_double, shop.stripe_account)


def test_card_7726_is_refunded_later_and_counted_as_the_balance_moves(flexible, shop, stripe_double, treasurer):
    made = contribute(flexible, stripe_double, card="4000000000007726")
    refund = ask(payment_of(made), treasurer)
    make_refunds(stripe_double)
    refund.refresh_from_db()
    assert refund.state == RefundState.DONE
    bring_events(stripe_double, shop.stripe_account)
    assert list(Refund.objects.values_list("state", flat=True)) == [RefundState.DONE]
    assert groups() == ["payment", "fee", "refund"]
    assert mails("refund_made") == [(f"refund:{refund.pk}", "camille@example.com")]
    book_agrees(stripe_double, shop.stripe_account)
