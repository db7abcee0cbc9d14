"""Each group balances, belongs where its row does, and holds what its row, as it stands, gives rise to."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet

from pledges.enums import LedgerKind
from pledges.ledger_checks.expected import Lines, SubjectRow, lines_of, text_of
from pledges.ledger_checks.findings import Fault, Finding, chunks
from pledges.models import Dispute, LedgerEntry, LedgerGroup, Matching, Payment, Payout, Refund


def check_groups() -> Iterator[Finding]:
    for chunk in chunks(LedgerGroup.objects.select_related("campaign")):
        rows, entries = _rows_of(chunk), _entries_of(chunk)
        for group in chunk:
            yield from _group_findings(group, entries[group.pk], rows.get(group.subject_key))


def _sources() -> dict[str, QuerySet[Any]]:
    """Where the row of a subject key is read, by the key's first word, with all that lines are worked out from."""
    return {
        "payment": Payment.objects.select_related("pledge").prefetch_related("taxes"),
        "refund": Refund.objects.select_related("payment__pledge").prefetch_related("taxes"),
        "dispute": Dispute.objects.select_related("payment__pledge"),
        "payout": Payout.objects.all(),
        "matching": Matching.objects.all(),
    }


def _rows_of(groups: list[LedgerGroup]) -> dict[str, SubjectRow]:
    rows: dict[str, SubjectRow] = {}
    for name, source in _sources().items():
        found: dict[int, SubjectRow] = source.in_bulk(_ids(groups, name))
        rows |= {f"{name}:{pk}": row for pk, row in found.items()}
    return rows


def _ids(groups: list[LedgerGroup], prefix: str) -> list[int]:
    keys = (group.subject_key.partition(":") for group in groups)
    return [int(number) for name, _colon, number in keys if name == prefix and number.isascii() and number.isdigit()]


def _entries_of(groups: Iterable[LedgerGroup]) -> dict[int, list[LedgerEntry]]:
    by_group = defaultdict(list)
    for entry in LedgerEntry.objects.filter(group__in=groups).order_by("pk"):
        by_group[entry.group_id].append(entry)
    return by_group


def _group_findings(group: LedgerGroup, entries: list[LedgerEntry], row: SubjectRow | None) -> Iterator[Finding]:
    subject = f"ledger group {group.pk} ({group.kind} {group.subject_key})"
    if off := sum(entry.amount for entry in entries):
        yield Finding(Fault.UNBALANCED, subject, f"off by {off}")
    found: Lines = {(entry.account, entry.tax): entry.amount for entry in entries}
    known = group.kind in LedgerKind.values
    expected = lines_of(LedgerKind(group.kind), row, found) if row is not None and known else None
    if row is None or expected is None:
        yield Finding(Fault.NO_ROW, subject)
        return
    if found != expected:
        yield Finding(Fault.WRONG_AMOUNT, subject, f"{text_of(found)}; expected {text_of(expected)}")
    if _is_strange(group, entries, row):
        yield Finding(Fault.STRANGER, subject)


def _is_strange(group: LedgerGroup, entries: list[LedgerEntry], row: SubjectRow) -> bool:
    cooperative, campaign = _owner(row)
    if (group.cooperative_id, group.campaign_id) != (cooperative, campaign):
        return True
    if group.campaign is not None and group.campaign.cooperative_id != cooperative:
        return True
    return any((entry.cooperative_id, entry.currency) != (cooperative, row.currency) for entry in entries)


def _owner(row: SubjectRow) -> tuple[int, int | None]:
    """Whose the row is, and of which campaign: by the pledge where there is one. A transfer has no campaign."""
    if isinstance(row, Payout):
        return row.cooperative_id, None
    if isinstance(row, Matching):
        return row.cooperative_id, row.campaign_id
    pledge = row.pledge if isinstance(row, Payment) else row.payment.pledge
    return pledge.cooperative_id, pledge.campaign_id
