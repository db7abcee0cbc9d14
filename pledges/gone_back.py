"""Contributions of which nothing is left with the cooperative, though they stand: it was agreed to give it all back.

And rewards of which nothing is left, where the rest of a contribution is. What was promised for them is no longer owed.
"""

from typing import Any

from django.db.models import Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from pledges.enums import DisputeState, PaymentState, RefundState, RequestState
from pledges.models import Dispute, Payment, Pledge, Refund, RefundRequest
from pledges.models.payments import GIVEN_BACK

#: Money that went back, or is about to.
BACK = GIVEN_BACK | Q(state=RefundState.DUE)


def gone_back() -> QuerySet[Any]:
    """Pledges, in the scope, whose payments were all refunded, in any number of parts.

    What a dispute took counts with refunds; one that was lost alone is for the team to look at, and is not here.
    """
    paid = Payment.objects.filter(state=PaymentState.PAID, pledge=OuterRef("pk"))
    back = Refund.objects.filter(BACK, payment__pledge=OuterRef("pk"))
    lost = Dispute.objects.filter(state=DisputeState.LOST, payment__pledge=OuterRef("pk"))
    refunded = Pledge.objects.filter(pk__in=Refund.objects.filter(BACK).order_by().values("payment__pledge"))
    sums = refunded.annotate(sum_paid=_sum(paid), sum_back=_sum(back), sum_lost=_sum(lost))
    return sums.filter(sum_paid__lte=F("sum_back") + F("sum_lost")).order_by().values("pk")


def is_gone_back(pledge: Pledge) -> bool:
    return gone_back().filter(pk=pledge.pk).exists()


def given_up() -> Exists:
    """Of an item: its whole price went back, or is to, at its backer's wish. Nothing of it is owed any more."""
    return Exists(given_up_requests())


def given_up_requests() -> QuerySet[Any]:
    """By which the outer item was given up."""
    granted = RefundRequest.objects.filter(item=OuterRef("pk"), state=RequestState.GRANTED)
    return granted.filter(refund__amount__gte=F("amount"))


def _sum(rows: QuerySet[Any]) -> Coalesce:
    summed = rows.order_by().annotate(one=Value(1)).values("one").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(summed, output_field=IntegerField()), 0)
