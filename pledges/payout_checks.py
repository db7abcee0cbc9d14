"""Whether transfers to the bank add up: their lines, our rows and the ledger, to the cent.

Every check reads in the scope it is called in and yields what is at fault; memory does not grow with the rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from django.db.models import Count, F, Q, QuerySet, Sum

from pledges.enums import LedgerAccount, LedgerKind, PayoutState
from pledges.models import Dispute, LedgerEntry, Payment, Payout, PayoutLine, Refund

CHUNK = 500

#: Movements that are always about one of our rows.
OURS = ("charge", "payment", "refund", "payment_refund", "refund_failure", "payout_failure")


class PayoutFault(StrEnum):
    """What can be wrong."""

    SUM = "the lines do not make the amount of the transfer"
    LINE = "the net of the line is not its amount less its fee"
    UNKNOWN = "the line is of no payment, refund or transfer of ours"
    OTHERWISE = "the line is not of the amount of its row"
    LEDGER = "the ledger does not have the transfer as it is"


@dataclass(frozen=True)
class PayoutFinding:
    """`subject` names the transfer or its line; `detail` says what was found and what was expected."""

    fault: PayoutFault
    subject: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.fault.value}" + (f" ({self.detail})" if self.detail else "")


def payout_findings() -> Iterator[PayoutFinding]:
    """Everything at fault, as it is found."""
    yield from check_sums()
    yield from check_ledger()
    yield from check_lines()


def check_sums() -> Iterator[PayoutFinding]:
    """A transfer that was read whole is the sum of what its lines moved."""
    read = Payout.objects.exclude(read_at=None).annotate(found=Sum("lines__net"), count=Count("lines"))
    for payout in read.exclude(found=F("amount")).order_by("pk").iterator(CHUNK):
        detail = f"{payout.found or 0} in {payout.count} lines, not {payout.amount}"
        yield PayoutFinding(PayoutFault.SUM, f"payout:{payout.pk}", detail)
    unread = Payout.objects.filter(read_at=None, lines__isnull=False).annotate(found=Sum("lines__net"))
    for half in unread.exclude(found=F("amount")).order_by("pk").iterator(CHUNK):
        yield PayoutFinding(PayoutFault.SUM, f"payout:{half.pk}", f"{half.found} read, of {half.amount}")


def check_ledger() -> Iterator[PayoutFinding]:
    """What arrived left the balance for the bank; what failed came back; the rest is in no group."""
    for payout in Payout.objects.order_by("pk").iterator(CHUNK):
        entries = LedgerEntry.objects.filter(group__subject_key=f"payout:{payout.pk}", account=LedgerAccount.BANK)
        found = {entry.group.kind: entry.amount for entry in entries.select_related("group")}
        expected: dict[str, int] = {}
        if payout.state in (PayoutState.PAID, PayoutState.FAILED):
            expected[LedgerKind.PAYOUT] = payout.amount
        if payout.state == PayoutState.FAILED:
            expected[LedgerKind.PAYOUT_FAILED] = -payout.amount
        if found != expected:
            yield PayoutFinding(PayoutFault.LEDGER, f"payout:{payout.pk}", f"{found}, not {expected}")


def check_lines() -> Iterator[PayoutFinding]:
    """Each line adds up, and is what its row says."""
    lines = PayoutLine.objects.filter(payout__in=Payout.objects.values("pk"))
    for line in lines.exclude(net=F("amount") - F("fee")).order_by("pk").iterator(CHUNK):
        yield PayoutFinding(PayoutFault.LINE, _named(line), f"{line.net}, not {line.amount} less {line.fee}")
    unknown = lines.filter(Q(kind__in=OURS), subject_key="")
    for line in unknown.order_by("pk").iterator(CHUNK):
        yield PayoutFinding(PayoutFault.UNKNOWN, _named(line), f"{line.kind} {line.source} {line.net}")
    for some in _chunks(lines.exclude(subject_key="").order_by("pk")):
        yield from _against_rows(some)


def _named(line: PayoutLine) -> str:
    return f"payout:{line.payout_id} {line.stripe_transaction}"


def _chunks(lines: QuerySet[PayoutLine]) -> Iterator[list[PayoutLine]]:
    remaining = iter(lines.iterator(CHUNK))
    while some := list(islice(remaining, CHUNK)):
        yield some


def _against_rows(lines: list[PayoutLine]) -> Iterator[PayoutFinding]:
    payments = Payment.objects.in_bulk(_ids(lines, "payment"))
    refunds = Refund.objects.in_bulk(_ids(lines, "refund"))
    disputes = Dispute.objects.in_bulk(_ids(lines, "dispute"))
    rows: dict[str, Payment | Refund | Dispute] = {f"payment:{pk}": row for pk, row in payments.items()}
    rows |= {f"refund:{pk}": row for pk, row in refunds.items()}
    rows |= {f"dispute:{pk}": row for pk, row in disputes.items()}
    for line in lines:
        if line.subject_key.startswith("payout:"):
            continue
        found = (abs(line.amount), line.commission, line.fee - line.commission)
        expected = _expected(line, rows.get(line.subject_key))
        if found != expected:
            yield PayoutFinding(PayoutFault.OTHERWISE, _named(line), f"{line.subject_key}: {found}, not {expected}")


def _expected(line: PayoutLine, row: Payment | Refund | Dispute | None) -> tuple[int, int, int] | None:
    """Amount, commission and Stripe's own fee; None for a row that is not there."""
    if isinstance(row, Payment):
        return row.amount, row.commission, row.processing_fee or 0
    if isinstance(row, Refund):
        return row.amount, -row.commission if line.kind in ("refund", "payment_refund") else 0, 0
    if isinstance(row, Dispute):
        return row.amount, 0, row.fee if line.amount < 0 else 0
    return None


def _ids(lines: list[PayoutLine], prefix: str) -> list[int]:
    keys = (line.subject_key.partition(":") for line in lines)
    return [int(number) for name, _colon, number in keys if name == prefix]
