"""What came back of a charge: the usual way by few statements, every other one under the payment's lock."""

from dataclasses import replace

import pytest
from django.db import transaction

from home import clock
from home.models import Backer, OutgoingMail
from pledges import ledger, recording
from pledges.enums import PaymentState
from pledges.gateway import Intent
from pledges.models import LedgerEntry, LedgerGroup, Payment, PaymentAttempt
from tests.factories.pledges import make_payment, make_pledge

#: The payment, its attempt, its groups, their entries, its mail; and the savepoint of the test's transaction.
STATEMENTS = 5 + 2


@pytest.fixture
def payment(campaign, inside):
    """A due payment of $30, as a worker has it in hand."""
    made = make_pledge(campaign, paid=False, email="camille@example.com")
    make_payment(made, PaymentState.DUE)
    rows = Payment.objects.select_related("pledge__backer", "pledge__campaign", "pledge__cooperative")
    return rows.get(pledge=made)


def paid(payment, *, status="succeeded", **fields):
    made = {"charge": "ch_1", "fee": 117, "commission": payment.commission}
    return Intent("pi_1", status, payment.amount, payment.currency, **made | fields)


def attempt_of(payment):
    return PaymentAttempt.objects.create(payment=payment, number=7, payment_method="pm_1", started_at=clock.now())


def groups():
    return sorted(LedgerGroup.objects.values_list("kind", flat=True))


def addresses():
    return list(OutgoingMail.objects.filter(kind="goal_met_charged").values_list("address", flat=True))


def test_a_due_payment_that_was_made_takes_a_statement_for_each_table(payment, django_assert_num_queries):
    attempt = attempt_of(payment)
    with django_assert_num_queries(STATEMENTS):
        recording.record(payment, paid(payment), attempt)
    found = Payment.objects.get(pk=payment.pk)
    for one in (payment, found):
        assert (one.state, one.stripe_intent, one.stripe_charge, one.processing_fee, one.lease_token) == (
            PaymentState.PAID,
            "pi_1",
            "ch_1",
            117,
            None,
        )
    assert found.paid_at == payment.paid_at
    attempt.refresh_from_db()
    assert (attempt.outcome, attempt.answered_at is not None) == ("succeeded", True)
    assert (groups(), addresses()) == (["fee", "payment"], ["camille@example.com"])


@pytest.mark.parametrize(("told", "outcomes"), [("succeeded", ["succeeded"] * 2), ("processing", ["", ""])])
def test_an_event_that_says_it_is_paid_ends_the_calls_of_a_worker_that_died(payment, told, outcomes):
    PaymentAttempt.objects.create(payment=payment, number=6, payment_method="pm_1", started_at=clock.now())
    attempt_of(payment)
    other = make_payment(make_pledge(payment.pledge.campaign, paid=False, email="autre@example.com"), PaymentState.DUE)
    untouched = attempt_of(other)
    recording.record(payment, paid(payment, status=told))
    mine = PaymentAttempt.objects.filter(payment=payment)
    assert list(mine.values_list("outcome", flat=True)) == outcomes
    assert [one.answered_at is not None for one in mine] == [told == "succeeded"] * 2
    untouched.refresh_from_db()
    assert untouched.answered_at is None


def test_told_again_by_someone_who_has_it_in_hand_as_it_was_it_is_recorded_once(payment):
    in_hand = Payment.objects.select_related("pledge__backer", "pledge__cooperative").get(pk=payment.pk)
    recording.record(payment, paid(payment, fee=None))
    recording.record(in_hand, paid(payment))
    recording.record(in_hand, paid(payment))
    assert (in_hand.state, in_hand.processing_fee, groups(), len(addresses())) == ("paid", 117, ["fee", "payment"], 1)


@pytest.mark.parametrize("state", [PaymentState.ACTION, PaymentState.MEND, PaymentState.DROPPED])
def test_what_was_written_of_it_meanwhile_does_not_keep_a_payment_from_being_paid(payment, state):
    Payment.objects.update(state=state, stripe_intent="pi_1")
    recording.record(payment, paid(payment))
    assert (Payment.objects.get().state, groups(), len(addresses())) == ("paid", ["fee", "payment"], 1)


def test_its_backer_is_told_at_the_address_of_that_moment(payment):
    Backer.objects.update(email="nouvelle@example.com")
    recording.record(payment, paid(payment))
    assert addresses() == ["nouvelle@example.com"]


def test_who_was_erased_meanwhile_is_not_written_to(payment):
    Backer.objects.update(email="")
    recording.record(payment, paid(payment))
    assert (Payment.objects.get().state, addresses()) == ("paid", [])


@pytest.mark.parametrize("other", [{"amount": 1}, {"currency": "USD"}])
def test_another_amount_than_was_owed_is_an_error_and_nothing_is_written(payment, other):
    with pytest.raises(ValueError, match="was charged"), transaction.atomic():
        recording.record(payment, replace(paid(payment), **other))
    assert (Payment.objects.get().state, payment.state, groups(), addresses()) == ("due", "due", [], [])


def test_what_cannot_be_recorded_leaves_the_payment_in_hand_as_it_was(payment, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("the ledger is away")

    monkeypatch.setattr(ledger, "record_payment", fail)
    with pytest.raises(RuntimeError), transaction.atomic():
        recording.record(payment, paid(payment))
    assert (payment.state, payment.stripe_intent, payment.paid_at) == ("due", "", None)
    assert (Payment.objects.get().state, LedgerEntry.objects.count()) == ("due", 0)
