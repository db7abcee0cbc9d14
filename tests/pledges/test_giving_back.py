"""What goes back of a contribution's payments: the latest part first, never twice, commission to the cent."""

import pytest

from home import clock
from home.models import Cooperative
from pledges import giving_back
from pledges.enums import PaymentMethod, PaymentState, RefundReason, RefundState
from pledges.models import Payment, Refund
from tests.factories.pledges import make_pledge, make_refund, payment_of


@pytest.fixture
def pledge(campaign, inside):
    """$100.01 paid by card; a commission of 5 %."""
    Cooperative.objects.filter(pk=inside.pk).update(commission_basis_points=500, commission_fixed=0)
    campaign.cooperative.refresh_from_db()
    return make_pledge(campaign, rewards=[], extra=10_001)


def another_part(pledge, amount, part=1, **fields):
    """A payment of what was added to it later."""
    defaults = {"state": PaymentState.PAID, "commission": amount // 20, "paid_at": clock.now()}
    return Payment.objects.create(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        part=part,
        currency="CAD",
        amount=amount,
        taxable=0,
        created_at=clock.now(),
        **defaults | fields,
    )


def rows(refunds):
    return [(one.payment.part, one.amount, one.commission) for one in refunds]


def test_a_part_of_it_with_its_share_of_the_commission(pledge, inside):
    (refund,) = giving_back.give_back(pledge, 3_331, RefundReason.CHANGED)
    refund.refresh_from_db()
    assert (refund.cooperative_id, refund.payment, refund.state) == (inside.pk, pledge.payment, RefundState.DUE)
    assert (refund.amount, refund.commission, refund.currency) == (3_331, 167, "CAD")  # 166.53 half up
    assert refund.reason == RefundReason.CHANGED
    assert refund.created_at is not None


def test_the_last_cent_takes_what_is_left_of_the_commission(pledge):
    given = [giving_back.give_back(pledge, 3_331, RefundReason.CHANGED)[0] for _part in range(3)]
    given += giving_back.give_back(pledge, 8, RefundReason.CHANGED)
    assert [(one.amount, one.commission) for one in given] == [(3_331, 167), (3_331, 167), (3_331, 166), (8, 0)]
    assert sum(one.commission for one in given) == payment_of(pledge).commission == 500


def test_a_commission_too_small_to_be_shared_goes_back_with_the_last_cent(pledge, campaign):
    small = make_pledge(campaign, rewards=[], extra=27)
    given = [giving_back.give_back(small, 9, RefundReason.CHANGED)[0].commission for _part in range(3)]
    assert (payment_of(small).commission, given) == (1, [0, 0, 1])


def test_the_commission_of_the_rest_is_what_is_left_of_it(pledge):
    give = [giving_back.give_back(pledge, cents, RefundReason.CHANGED)[0].commission for cents in (8_001, 2_000)]
    assert give == [400, 100]


def test_never_more_than_was_paid_and_not_given_back(pledge):
    giving_back.give_back(pledge, 4_000, RefundReason.CHANGED)
    assert rows(giving_back.give_back(pledge, 9_000, RefundReason.CHANGED)) == [(0, 6_001, 300)]
    assert giving_back.give_back(pledge, 1, RefundReason.CHANGED) == []
    assert giving_back.given_back(payment_of(pledge)) == (10_001, 500)


def test_nothing_is_nothing(pledge):
    assert giving_back.give_back(pledge, 0, RefundReason.CHANGED) == []
    assert giving_back.given_back(payment_of(pledge)) == (0, 0)
    assert Refund.objects.count() == 0


def test_the_latest_part_goes_back_first(pledge):
    another_part(pledge, 2_000)
    another_part(pledge, 500, part=2)
    assert rows(giving_back.give_back(pledge, 2_499, RefundReason.CHANGED)) == [(2, 500, 25), (1, 1_999, 100)]
    assert rows(giving_back.give_back(pledge, 2, RefundReason.CHANGED)) == [(1, 1, 0), (0, 1, 0)]


def test_what_came_by_other_means_is_owed_too_and_what_was_not_paid_is_not(pledge):
    another_part(pledge, 2_000, state=PaymentState.MEND, paid_at=None)
    cheque = another_part(
        pledge, 900, part=2, commission=0, method=PaymentMethod.CHEQUE, received_on=clock.now().date()
    )
    assert rows(giving_back.give_back_all(pledge)) == [(2, 900, 0), (0, 10_001, 500)]
    assert giving_back.given_back(cheque) == (900, 0)


def test_what_was_refused_or_never_left_may_still_go_back(pledge):
    payment = payment_of(pledge)
    make_refund(payment, amount=1_000, commission=50, state=RefundState.REJECTED)
    make_refund(payment, amount=1_000, commission=50, state=RefundState.FAILED)
    assert giving_back.given_back(payment) == (0, 0)
    came_back = make_refund(payment, amount=1_000, commission=50)
    Refund.objects.filter(pk=came_back.pk).update(state=RefundState.FAILED)
    assert giving_back.given_back(payment) == (1_000, 50), "it left; that it came back is owed another way"
    make_refund(payment, amount=200, commission=10, state=RefundState.TO_APPROVE)
    assert giving_back.given_back(payment) == (1_000, 50), "what waits for an approval gives way"
    assert giving_back.commission_of(payment, 8_800) == 440, "and has its share of the commission"


def test_a_cancelled_contribution_goes_back_whole_with_what_waited_for_an_approval(pledge, campaign):
    another_part(pledge, 2_000)
    waits = make_refund(payment_of(pledge), amount=1_000, commission=50, state=RefundState.TO_APPROVE)
    theirs = make_pledge(campaign, rewards=[], extra=700)
    other = make_refund(payment_of(theirs), amount=100, commission=5, state=RefundState.TO_APPROVE)
    made = make_refund(payment_of(pledge), amount=1, commission=0)
    refunds = giving_back.give_back_all(pledge)
    assert rows(refunds) == [(1, 2_000, 100), (0, 10_000, 500)]
    assert {one.reason for one in refunds} == {RefundReason.CANCELLED}
    states = dict(Refund.objects.exclude(pk__in=[one.pk for one in refunds]).values_list("pk", "state"))
    assert states == {waits.pk: RefundState.REJECTED, other.pk: RefundState.TO_APPROVE, made.pk: RefundState.DONE}


def test_refunds_are_made_once_the_transaction_is_committed(pledge, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as after:
        giving_back.give_back(pledge, 0, RefundReason.CHANGED)
    assert after == []
    with django_capture_on_commit_callbacks() as after:
        giving_back.give_back(pledge, 10, RefundReason.CHANGED)
    assert len(after) == 1
