"""Refunds by treasurers: never more than is left, a second person above the limit, our books Stripe's to the cent."""

import random
import uuid

import pytest

from campaigns.enums import FundingModel
from home.models import Cooperative, Role
from home.tenancy import within
from pledges import ledger_checks, pledging, refund_decisions, totals
from pledges.enums import DisputeState, PaymentMethod, PaymentState, RefundState
from pledges.ledger_checks import Fault
from pledges.ledger_checks.payments import check_payments
from pledges.models import Dispute, Payment, Refund, TaxRegistration
from pledges.refund_decisions import RefundRefused
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, make_refund
from tests.factories.pledges import payment_of as first_payment
from tests.pledges.aftermath import (
    book_agrees,
    bring_events,
    close_dispute,
    contribute,
    ledger,
    mails,
    make_refunds,
    payment_of,
)


@pytest.fixture
def campaign(cooperative):
    return make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)


@pytest.fixture
def treasurer(cooperative):
    return make_user(cooperative, Role.TREASURER)


@pytest.fixture(autouse=True)
def scope(cooperative):
    with within(cooperative):
        yield


def ask(payment, by, amount, key=None):
    return refund_decisions.ask(payment, amount=amount, reason="agreed", note="", by=by, key=key or uuid.uuid4())


def test_what_is_left_counts_all_that_went_back_or_is_about_to(campaign, treasurer):
    payment = first_payment(make_pledge(campaign))
    make_refund(payment, amount=100, commission=5)
    make_refund(payment, amount=200, commission=10, state=RefundState.TO_APPROVE)
    make_refund(payment, amount=400, commission=20, state=RefundState.REJECTED)
    make_refund(payment, amount=800, commission=40, state=RefundState.FAILED)
    assert refund_decisions.left_of(payment) == 3000 - 100 - 200
    ask(payment, treasurer, 2700)
    assert refund_decisions.left_of(payment) == 0
    with pytest.raises(RefundRefused, match="nothing_left"):
        ask(payment, treasurer, 1)


@pytest.mark.parametrize("amount", [0, 3001])
def test_no_more_than_is_left_and_no_less_than_a_cent(campaign, treasurer, amount):
    with pytest.raises(RefundRefused, match="too_much"):
        ask(first_payment(make_pledge(campaign)), treasurer, amount)
    assert Refund.objects.count() == 0


def test_the_same_form_twice_asks_once(campaign, treasurer):
    payment, key = first_payment(make_pledge(campaign)), uuid.uuid4()
    assert ask(payment, treasurer, 1000, key) == ask(payment, treasurer, 1000, key)
    assert Refund.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"state": PaymentState.BOUNCED}, "unpaid"),
        ({"method": PaymentMethod.CHEQUE, "commission": 0, "received_on": "2026-11-01"}, "other_means"),
    ],
)
def test_what_was_not_paid_by_card_is_not_refunded_here(campaign, treasurer, fields, why):
    payment = first_payment(make_pledge(campaign))
    Payment.objects.update(**fields)
    with pytest.raises(RefundRefused, match=why):
        ask(payment, treasurer, 100)


def test_what_was_lost_in_a_dispute_is_not_left(campaign, cooperative, treasurer):
    payment = first_payment(make_pledge(campaign))
    Dispute.objects.create(
        cooperative=cooperative, payment=payment, stripe_dispute="dp_1", state=DisputeState.LOST,
        amount=2000, currency="CAD", opened_at=payment.created_at,
    )  # fmt: skip
    assert refund_decisions.left_of(payment) == 1000
    assert totals.progress_of(campaign).collected == 1000
    assert (
        totals.progress_of_row(totals.with_sums(type(campaign).objects.filter(pk=campaign.pk)).get()).collected == 1000
    )


def test_above_the_limit_another_person_approves(campaign, cooperative, treasurer):
    cooperative.second_person_above = 1000
    cooperative.save()
    owner, editor = make_user(cooperative, Role.OWNER), make_user(cooperative)
    payment = first_payment(make_pledge(campaign))
    assert ask(payment, treasurer, 600).state == RefundState.DUE
    second = ask(payment, treasurer, 500)
    assert (second.state, second.asked_by) == (RefundState.TO_APPROVE, treasurer)
    assert mails("refund_to_approve") == [("", owner.email)]
    assert editor.email not in str(mails("refund_to_approve"))
    with pytest.raises(RefundRefused, match="same_person"):
        refund_decisions.approve(second, treasurer)
    refund_decisions.approve(second, owner)
    second.refresh_from_db()
    assert (second.state, second.approved_by, second.approved_at is not None) == (RefundState.DUE, owner, True)
    with pytest.raises(RefundRefused, match="decided"):
        refund_decisions.reject(second, owner)


def test_what_is_not_approved_is_left_again(campaign, cooperative, treasurer):
    cooperative.second_person_above = 0
    cooperative.save()
    payment = first_payment(make_pledge(campaign))
    refund = ask(payment, treasurer, 3000)
    assert refund_decisions.left_of(payment) == 0
    refund_decisions.reject(refund, make_user(cooperative, Role.OWNER))
    assert refund_decisions.left_of(payment) == 3000
    assert ledger()["contributions"] == -3000


@pytest.fixture
def taxed(shop, cooperative, stripe_double):
    cooperative.refresh_from_db()
    for code in ("gst", "qst"):
        TaxRegistration.objects.create(cooperative=cooperative, code=code, number=code, starts_on="2020-01-01")
    return cooperative


@pytest.mark.parametrize("seed", range(8))
def test_any_sequence_of_partial_refunds_gives_back_what_stripe_gave_back(taxed, stripe_double, treasurer, seed):
    """Amounts, rates and fixed parts that round otherwise each time; the last one gives back the rest."""
    chance = random.Random(seed)
    taxed.commission_basis_points, taxed.commission_fixed = chance.choice([(500, 0), (333, 17), (725, 35)])
    taxed.save()
    price = chance.randint(900, 9_999)
    campaign = make_campaign(taxed, funding_model=FundingModel.FLEXIBLE, tiers=[tier("Le sac", price)])
    payment = payment_of(contribute(campaign, stripe_double))
    while left := refund_decisions.left_of(payment):
        ask(payment, treasurer, min(left, chance.randint(1, price // 3)))
        make_refunds(stripe_double)
        book_agrees(stripe_double, taxed.stripe_account)
    ours = ledger()
    assert {name: ours.get(name, 0) for name in ("contributions", "taxes", "commission")} == {
        "contributions": 0,
        "taxes": 0,
        "commission": 0,
    }
    assert sum(Refund.objects.values_list("commission", flat=True)) == payment.commission


def test_the_last_of_many_small_refunds_may_bring_more_commission_than_its_amount(shop, stripe_double, treasurer):
    """Stripe returned nothing of 5 cents with each 9 cents, and returns them with the last cent."""
    campaign = make_campaign(shop, funding_model=FundingModel.FLEXIBLE, tiers=[tier("Le sac", 100)])
    payment = payment_of(contribute(campaign, stripe_double))
    while left := refund_decisions.left_of(payment):
        ask(payment, treasurer, min(left, 9))
        make_refunds(stripe_double)
    assert list(Refund.objects.order_by("pk").values_list("amount", "commission"))[-1] == (1, 5)
    book_agrees(stripe_double, shop.stripe_account)


def test_a_refund_that_stripe_refuses_moves_nothing_and_treasurers_are_told(shop, stripe_double, treasurer):
    campaign = make_campaign(shop, funding_model=FundingModel.FLEXIBLE)
    payment = payment_of(contribute(campaign, stripe_double, card="4000000000000259"))
    refund = ask(payment, treasurer, 3000)
    make_refunds(stripe_double)
    refund.refresh_from_db()
    assert (refund.state, refund.failure, refund.done_at) == (RefundState.FAILED, "charge_disputed", None)
    assert mails("refund_bounced") == [("refused", treasurer.email)]
    assert refund_decisions.left_of(payment) == 3000


def test_what_a_dispute_lost_meanwhile_took_is_not_approved(campaign, cooperative, treasurer):
    cooperative.second_person_above = 0
    cooperative.save()
    payment = first_payment(make_pledge(campaign))
    refund = ask(payment, treasurer, 2000)
    Dispute.objects.create(
        cooperative=cooperative, payment=payment, stripe_dispute="dp_1", state=DisputeState.LOST,
        amount=3000, currency="CAD", opened_at=payment.created_at,
    )  # fmt: skip
    with pytest.raises(RefundRefused, match="too_much"):
        refund_decisions.approve(refund, make_user(cooperative, Role.OWNER))
    refund.refresh_from_db()
    assert refund.state == RefundState.TO_APPROVE
    assert list(check_payments()) == []


def test_refunds_that_wait_return_no_more_commission_than_was_taken(campaign, cooperative, treasurer):
    cooperative.second_person_above = 0
    cooperative.save()
    campaign.cooperative = cooperative
    payment = first_payment(make_pledge(campaign))
    Payment.objects.update(commission=5)
    assert [ask(payment, treasurer, 1500).commission for _half in range(2)] == [3, 2]
    assert list(check_payments()) == []


def test_what_waits_for_approval_and_no_longer_fits_cannot_be_approved(campaign, treasurer):
    """Some went back at Stripe meanwhile: no row is at fault, and it can only be turned down."""
    owner = make_user(campaign.cooperative, Role.OWNER)
    Cooperative.objects.update(second_person_above=0)
    payment = first_payment(make_pledge(campaign))
    refund = ask(payment, treasurer, 3000)
    make_refund(payment, amount=1, commission=0, reason="outside")
    over = [finding for finding in ledger_checks.all_findings() if finding.fault == Fault.OVER_REFUNDED]
    assert (refund.state, over) == (RefundState.TO_APPROVE, [])
    with pytest.raises(RefundRefused, match="too_much"):
        refund_decisions.approve(refund, owner)
    refund_decisions.reject(refund, owner)
    assert refund_decisions.left_of(payment) == 2999


def refused_by_a_dispute(campaign, double):
    """Cancelled while the bank contests: Stripe refuses the refund."""
    made = contribute(campaign, double, card="4000000000000259")
    pledging.cancel(made)
    make_refunds(double)
    refund = Refund.objects.get()
    assert (refund.state, refund.done_at) == (RefundState.FAILED, None)
    bring_events(double, campaign.cooperative.stripe_account)
    return refund


def again(**fields):
    return list(refund_decisions.to_ask_again(Refund.objects.filter(**fields)))


def test_a_refund_refused_for_a_dispute_that_is_won_waits_for_a_treasurer(shop, stripe_double, treasurer):
    campaign = make_campaign(shop, funding_model=FundingModel.FLEXIBLE)
    refund = refused_by_a_dispute(campaign, stripe_double)
    assert again() == []
    with pytest.raises(RefundRefused, match="disputed"):
        refund_decisions.ask_again(refund, treasurer)
    close_dispute(stripe_double, Dispute.objects.get().stripe_dispute, "won")
    bring_events(stripe_double, shop.stripe_account)
    assert again() == [refund]
    with pytest.raises(RefundRefused, match="decided"):
        refund_decisions.let_go(refund, treasurer)
    refund_decisions.ask_again(refund, treasurer)
    with pytest.raises(RefundRefused):
        refund_decisions.ask_again(refund, treasurer)
    make_refunds(stripe_double)
    refund.refresh_from_db()
    assert (refund.state, refund.amount, again()) == (RefundState.DONE, 3000, [])
    book_agrees(stripe_double, shop.stripe_account)


def test_a_refund_refused_for_a_dispute_that_is_lost_waits_for_nobody(shop, stripe_double):
    campaign = make_campaign(shop, funding_model=FundingModel.FLEXIBLE)
    refused_by_a_dispute(campaign, stripe_double)
    close_dispute(stripe_double, Dispute.objects.get().stripe_dispute, "lost")
    bring_events(stripe_double, shop.stripe_account)
    assert again() == []
    book_agrees(stripe_double, shop.stripe_account)


def test_what_was_refused_and_asked_for_by_the_team_may_be_let_go(campaign, treasurer):
    payment = first_payment(make_pledge(campaign))
    refund = ask(payment, treasurer, 1000)
    Refund.objects.update(state=RefundState.FAILED)
    assert (again(), refund_decisions.may_let_go(refund)) == ([refund], True)
    refund_decisions.let_go(refund, treasurer)
    refund.refresh_from_db()
    assert (refund.state, refund.approved_by, again()) == (RefundState.REJECTED, treasurer, [])
    assert list(ledger_checks.all_findings()) == []


def test_no_more_than_is_left_is_asked_again(campaign, treasurer):
    payment = first_payment(make_pledge(campaign))
    refund = ask(payment, treasurer, 2000)
    Refund.objects.update(state=RefundState.FAILED)
    make_refund(payment, amount=1500, commission=75)
    refund_decisions.ask_again(refund, treasurer)
    refund.refresh_from_db()
    assert (refund.state, refund.amount, refund.commission) == (RefundState.DUE, 1500, 75)
    assert list(ledger_checks.all_findings()) == []
