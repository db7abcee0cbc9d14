"""Bounds of each payment: what goes back of it, what we keep of it, and that nothing is kept of a missed goal."""

from collections.abc import Iterator

from django.db.models import F, OuterRef, Q
from django.db.models.functions import Greatest

from campaigns.enums import CampaignState
from pledges.enums import DisputeState, PaymentMethod, PaymentState, RefundReason, RefundState
from pledges.ledger_checks.findings import CHUNK, Fault, Finding, sum_of
from pledges.models import Dispute, Payment, Refund
from pledges.models.payments import GIVEN_BACK

#: Refunds that are done, about to be, or that left and came back (they are owed by other means).
GOES_BACK = Q(state__in=[RefundState.TO_APPROVE, RefundState.DUE, RefundState.DONE]) | Q(
    state=RefundState.FAILED, done_at__isnull=False
)

#: What we ask for ourselves. One made at Stripe meanwhile takes its place: what is too much then is refused.
OURS = GOES_BACK & ~Q(reason=RefundReason.OUTSIDE)

#: Where money of a card payment is, or is being asked for.
LIVE = Q(state__in=[PaymentState.DUE, PaymentState.ACTION, PaymentState.MEND, PaymentState.PAID])


def check_payments() -> Iterator[Finding]:
    yield from _given_back()
    yield from _of_missed_goals()


def _given_back() -> Iterator[Finding]:
    """Neither what left, whoever made it, nor what we ask for is more than was paid."""
    of_payment = Refund.objects.filter(payment=OuterRef("pk"))
    gone, ours = of_payment.filter(GIVEN_BACK), of_payment.filter(OURS)
    lost = Dispute.objects.filter(payment=OuterRef("pk"), state=DisputeState.LOST)
    payments = Payment.objects.annotate(
        back=Greatest(sum_of(gone, "amount") + sum_of(lost, "amount"), sum_of(ours, "amount")),
        returned=Greatest(sum_of(gone, "commission"), sum_of(ours, "commission")),
    )
    beyond = payments.filter(Q(back__gt=F("amount")) | Q(returned__gt=F("commission")))
    for payment in beyond.order_by("pk").iterator(CHUNK):
        subject = f"payment:{payment.pk}"
        if payment.back > payment.amount:
            yield Finding(Fault.OVER_REFUNDED, subject, f"{payment.back} of {payment.amount}")
        if payment.returned > payment.commission:
            yield Finding(Fault.OVER_RETURNED, subject, f"{payment.returned} of {payment.commission}")


def _of_missed_goals() -> Iterator[Finding]:
    """No card is charged. What came by other means goes back or is marked as owed once the end is settled.

    A contribution made after the end is apart: it was never subject to the goal.
    """
    missed = Payment.objects.filter(pledge__campaign__outcome=CampaignState.MISSED, pledge__is_late=False)
    charged = missed.filter(LIVE, method=PaymentMethod.CARD)
    for payment in charged.order_by("pk").iterator(CHUNK):
        yield Finding(Fault.MISSED_CHARGED, f"payment:{payment.pk}", f"{payment.state}, {payment.amount}")
    settled = Q(pledge__campaign__settlement__finished_at__isnull=False)
    offline = missed.filter(settled, state=PaymentState.PAID).exclude(method=PaymentMethod.CARD)
    marked = Refund.objects.filter(payment=OuterRef("pk")).exclude(state=RefundState.REJECTED)
    kept = offline.annotate(back=sum_of(marked, "amount")).filter(back__lt=F("amount"))
    for payment in kept.order_by("pk").iterator(CHUNK):
        yield Finding(Fault.MISSED_KEPT, f"payment:{payment.pk}", f"{payment.back} of {payment.amount}")
