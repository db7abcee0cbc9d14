"""What of a contribution's payments goes back to its backer: rows only, in the caller's transaction.

The latest part first, over several if need be. What was given back before, or is about to be, is not given twice: all
refunds count but those that are not approved and those that never left. What waits for an approval gives way to what
its backer is owed: it is turned down where both do not fit. Commission goes back as the provider gives it back: pro
rata, and what is left of it with the last cent.
"""

from django.db import transaction
from django.db.models import Q, Sum

from home import clock
from pledges.enums import DisputeState, PaymentState, RefundReason, RefundState
from pledges.models import Payment, Pledge, Refund
from pledges.taxes import pro_rata

#: Refunds that gave nothing back, and never will.
DEAD = Q(state=RefundState.REJECTED) | Q(state=RefundState.FAILED, done_at=None)

#: Refunds that gave nothing back, and will not unless someone approves them.
VOID = DEAD | Q(state=RefundState.TO_APPROVE)


def given_back(payment: Payment) -> tuple[int, int]:
    """The amount and the commission that went back, or are about to. Minor units."""
    return _sums(payment, VOID)


def _sums(payment: Payment, but: Q) -> tuple[int, int]:
    sums = payment.refunds.exclude(but).aggregate(amount=Sum("amount"), commission=Sum("commission"))
    return sums["amount"] or 0, sums["commission"] or 0


def left_of(payment: Payment) -> int:
    """What may still go back: less what did, is about to, or was taken by a dispute."""
    lost = payment.disputes.filter(state=DisputeState.LOST).aggregate(amount=Sum("amount"))["amount"] or 0
    return max(0, payment.amount - given_back(payment)[0] - lost)


def give_back(pledge: Pledge, amount: int, reason: RefundReason) -> list[Refund]:
    """Write the refunds of an amount, or of what is left if that is less, and have them made after the commit."""
    refunds, left = [], amount
    for payment in _paid(pledge):
        share = min(left, left_of(payment))
        if share > 0:
            refunds.append(_write(payment, share, reason))
            _turn_down_what_no_longer_fits(payment)
            left -= share
    if refunds:
        transaction.on_commit(_nudge)
    return refunds


def _turn_down_what_no_longer_fits(payment: Payment) -> None:
    waiting = payment.refunds.filter(state=RefundState.TO_APPROVE)
    asked = waiting.aggregate(total=Sum("amount"))["total"] or 0
    if asked + given_back(payment)[0] > payment.amount:
        waiting.update(state=RefundState.REJECTED)


def give_back_all(pledge: Pledge) -> list[Refund]:
    """A cancelled contribution: whatever of it was paid and not given back. What waited for an approval is in it."""
    waiting = Refund.objects.filter(payment__pledge=pledge, state=RefundState.TO_APPROVE)
    waiting.update(state=RefundState.REJECTED)
    return give_back(pledge, sum(payment.amount for payment in _paid(pledge)), RefundReason.CANCELLED)


def _paid(pledge: Pledge) -> list[Payment]:
    """By whatever means, latest part first, under their locks: two refunds never count the same money.

    What did not come by card is given back by hand (pledges.offline).
    """
    paid = Payment.objects.filter(pledge=pledge, state=PaymentState.PAID)
    return list(paid.select_for_update().order_by("-part"))


def commission_of(payment: Payment, amount: int) -> int:
    """What of our commission goes back with the next `amount`, as the provider is expected to say.

    What waits for an approval has its share of it already.
    """
    before, returned = _sums(payment, DEAD)
    left = payment.commission - returned
    is_last = before + amount == payment.amount
    return left if is_last else min(left, pro_rata(payment.commission, amount, payment.amount))


def _write(payment: Payment, amount: int, reason: RefundReason) -> Refund:
    return Refund.objects.create(
        cooperative_id=payment.cooperative_id,
        payment=payment,
        state=RefundState.DUE,
        amount=amount,
        commission=commission_of(payment, amount),
        currency=payment.currency,
        reason=reason,
        created_at=clock.now(),
    )


def _nudge() -> None:
    from pledges.tasks import make_refunds  # noqa: PLC0415 (tasks import this module)

    make_refunds.enqueue()
