"""Each row that moved money has the groups that its state asks for."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet

from pledges.enums import DisputeState, LedgerKind, PaymentState, PayoutState, RefundState
from pledges.ledger_checks.findings import Fault, Finding, chunks
from pledges.models import Dispute, LedgerGroup, Matching, Payment, Payout, Refund


def check_rows() -> Iterator[Finding]:
    paid = Q(state__in=[PaymentState.PAID, PaymentState.BOUNCED])
    yield from _missing("payment", Payment.objects.filter(paid), LedgerKind.PAYMENT, Fault.NO_PAYMENT_GROUP)
    with_fee = Payment.objects.filter(state=PaymentState.PAID).exclude(processing_fee=None)
    # A fee of nothing is nothing to record.
    yield from _missing("payment", with_fee.exclude(processing_fee=0), LedgerKind.FEE, Fault.NO_FEE_GROUP)
    bounced = Payment.objects.filter(state=PaymentState.BOUNCED)
    yield from _missing("payment", bounced, LedgerKind.BOUNCE, Fault.NO_BOUNCE_GROUP)
    yield from _of_refunds()
    yield from _of_disputes()
    yield from _missing("matching", Matching.objects.all(), LedgerKind.MATCHING, Fault.NO_MATCHING_GROUP)
    yield from _of_payouts()


def _of_refunds() -> Iterator[Finding]:
    """One that failed before it left (`done_at` is empty) moved nothing."""
    failed = Q(state=RefundState.FAILED, done_at__isnull=False)
    left = Refund.objects.filter(Q(state=RefundState.DONE) | failed)
    yield from _missing("refund", left, LedgerKind.REFUND, Fault.NO_REFUND_GROUP)
    came_back = Refund.objects.filter(failed)
    yield from _missing("refund", came_back, LedgerKind.REFUND_FAILED, Fault.NO_REFUND_FAILED_GROUP)
    settled = came_back.exclude(settled_at=None)
    yield from _missing("refund", settled, LedgerKind.REFUND_SETTLED, Fault.NO_REFUND_SETTLED_GROUP)


def _of_disputes() -> Iterator[Finding]:
    moved = Dispute.objects.exclude(amount=0, fee=0)
    withdrawn = moved.filter(state__in=[DisputeState.OPEN, DisputeState.WON, DisputeState.LOST])
    yield from _missing("dispute", withdrawn, LedgerKind.DISPUTE, Fault.NO_DISPUTE_GROUP)
    won = moved.filter(state=DisputeState.WON)
    yield from _missing("dispute", won, LedgerKind.DISPUTE_WON, Fault.NO_DISPUTE_END_GROUP)
    lost = moved.filter(state=DisputeState.LOST)
    yield from _missing("dispute", lost, LedgerKind.DISPUTE_LOST, Fault.NO_DISPUTE_END_GROUP)


def _of_payouts() -> Iterator[Finding]:
    """One that came back was recorded twice, or never; one on its way may be recorded or not yet."""
    arrived = Payout.objects.filter(state=PayoutState.PAID).exclude(amount=0)
    yield from _missing("payout", arrived, LedgerKind.PAYOUT, Fault.NO_PAYOUT_GROUP)
    came_back = Payout.objects.filter(state__in=[PayoutState.FAILED, PayoutState.CANCELED])
    for chunk in chunks(came_back):
        keys = [f"payout:{payout.pk}" for payout in chunk]
        out, back = _recorded(LedgerKind.PAYOUT, keys), _recorded(LedgerKind.PAYOUT_FAILED, keys)
        yield from (Finding(Fault.NO_PAYOUT_FAILED_GROUP, key) for key in keys if key in out - back)
        yield from (Finding(Fault.NO_PAYOUT_GROUP, key) for key in keys if key in back - out)


def _missing(name: str, rows: QuerySet[Any], kind: LedgerKind, fault: Fault) -> Iterator[Finding]:
    for chunk in chunks(rows):
        keys = [f"{name}:{row.pk}" for row in chunk]
        recorded = _recorded(kind, keys)
        yield from (Finding(fault, key) for key in keys if key not in recorded)


def _recorded(kind: LedgerKind, keys: list[str]) -> set[str]:
    return set(LedgerGroup.objects.filter(kind=kind, subject_key__in=keys).values_list("subject_key", flat=True))
