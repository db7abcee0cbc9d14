"""The only writer of the ledger. Append-only: what was recorded wrongly is corrected by another group.

Call inside the transaction that records what came back from the provider. A group already written for the same
subject is not written again.
"""

from collections.abc import Mapping
from datetime import datetime

from home import clock
from pledges.enums import LedgerAccount, LedgerKind
from pledges.models import LedgerEntry, LedgerGroup, Payment, Refund


def record_payment(payment: Payment, at: datetime) -> bool:
    """Gross to contributions, commission apart, the rest on the balance. False if it was recorded before."""
    lines = {
        LedgerAccount.BALANCE: payment.amount - payment.commission,
        LedgerAccount.COMMISSION: payment.commission,
        LedgerAccount.CONTRIBUTIONS: -payment.amount,
    }
    return _write(payment, LedgerKind.PAYMENT, f"payment:{payment.pk}", at, lines)


def record_fee(payment: Payment, fee: int, at: datetime) -> bool:
    """The provider's own fee, once it is known."""
    lines = {LedgerAccount.PROCESSING_FEES: fee, LedgerAccount.BALANCE: -fee}
    return _write(payment, LedgerKind.FEE, f"payment:{payment.pk}", at, lines)


def record_refund(refund: Refund, at: datetime) -> bool:
    """What went back, our commission with it pro rata; the provider's fee stays spent."""
    lines = {
        LedgerAccount.CONTRIBUTIONS: refund.amount,
        LedgerAccount.COMMISSION: -refund.commission,
        LedgerAccount.BALANCE: refund.commission - refund.amount,
    }
    return _write(refund.payment, LedgerKind.REFUND, f"refund:{refund.pk}", at, lines)


def _write(payment: Payment, kind: LedgerKind, subject: str, at: datetime, lines: Mapping[LedgerAccount, int]) -> bool:
    if sum(lines.values()):
        raise ValueError(f"The entries of {kind} {subject} do not sum to zero.")
    pledge = payment.pledge
    group, created = LedgerGroup.objects.get_or_create(
        kind=kind,
        subject_key=subject,
        defaults={
            "cooperative_id": payment.cooperative_id,
            "campaign_id": pledge.campaign_id,
            "happened_at": at,
            "recorded_at": clock.now(),
        },
    )
    if created:
        LedgerEntry.objects.bulk_create(
            LedgerEntry(
                cooperative_id=payment.cooperative_id,
                group=group,
                account=account,
                amount=cents,
                currency=payment.currency,
            )
            for account, cents in lines.items()
            if cents
        )
    return created
