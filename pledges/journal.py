"""The accounting journal: every ledger entry of a period under the cooperative's own account codes.

Debits are what the ledger writes as positive, credits as negative, so that each group, and the whole file, balances.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Case, F, QuerySet, Sum, When
from django.db.models.functions import Coalesce

from campaigns.models import Campaign
from home import audit
from home.models import Cooperative, User
from pledges import money_acts
from pledges.enums import LedgerAccount, LedgerKind
from pledges.models import AccountCode, LedgerEntry
from pledges.periods import Period
from pledges.tax_report import tax_names

CHUNK = 1000

#: An account, and of taxes payable which tax.
Account = tuple[str, str]

#: What is proposed until the cooperative writes its own: a small chart of accounts as they are numbered in Québec.
PROPOSED: dict[Account, str] = {
    (LedgerAccount.BANK, ""): "1010",
    (LedgerAccount.BALANCE, ""): "1060",
    (LedgerAccount.DISPUTED, ""): "1190",
    (LedgerAccount.REFUNDS_OWED, ""): "2190",
    (LedgerAccount.TAXES, ""): "2300",
    (LedgerAccount.TAXES, "gst"): "2310",
    (LedgerAccount.TAXES, "qst"): "2320",
    (LedgerAccount.TAXES, "vat"): "2330",
    (LedgerAccount.CONTRIBUTIONS, ""): "4000",
    (LedgerAccount.MATCHING, ""): "4100",
    (LedgerAccount.PROCESSING_FEES, ""): "5600",
    (LedgerAccount.COMMISSION, ""): "5610",
    (LedgerAccount.DISPUTE_FEES, ""): "5620",
}


@dataclass(frozen=True)
class JournalRow:
    """One entry as a line of a journal; `debit` or `credit` is 0. Minor units."""

    day: date
    group: int
    kind: str
    reference: str
    campaign: str
    account: str
    code: str
    tax: str
    debit: int
    credit: int
    currency: str


@dataclass(frozen=True)
class Sums:
    """Both sides of a journal, and how many lines it has."""

    lines: int
    debit: int
    credit: int


def known_accounts() -> dict[Account, str]:
    """Every account that a line may be on, with its label; taxes by name, those of the rates."""
    labels: dict[Account, str] = {}
    for account in LedgerAccount:
        if account == LedgerAccount.TAXES:
            labels |= {(account.value, tax): f"{account.label} · {name}" for tax, name in tax_names().items()}
        else:
            labels[account.value, ""] = str(account.label)
    return labels


def codes_of(cooperative: Cooperative) -> dict[Account, str]:
    """The cooperative's own codes, and the proposed ones for the rest."""
    own = AccountCode.objects.filter(cooperative=cooperative).values_list("account", "tax", "code")
    return PROPOSED | {(account, tax): code for account, tax, code in own}


def set_codes(cooperative: Cooperative, codes: dict[Account, str], *, by: User | None) -> None:
    """Keep them; what they were before and are now is written down."""
    with transaction.atomic():
        before = codes_of(cooperative)
        changed = sorted(account for account, code in codes.items() if before.get(account, "") != code)
        facts = {":".join(one).rstrip(":"): [before.get(one, ""), codes[one]] for one in changed}
        if facts:
            audit.record(money_acts.CODES_CHANGED, cooperative=cooperative, by=by, codes=facts)
        for (account, tax), code in codes.items():
            AccountCode.objects.update_or_create(
                cooperative=cooperative, account=account, tax=tax, defaults={"code": code}
            )


def entries_of(cooperative: Cooperative, period: Period, campaign: Campaign | None = None) -> QuerySet[LedgerEntry]:
    """Of one campaign if it is given; transfers to the bank, which have none, are in the whole journal only."""
    start, end = period.bounds(cooperative)
    entries = LedgerEntry.objects.filter(
        cooperative=cooperative, group__happened_at__gte=start, group__happened_at__lt=end
    )
    return entries.filter(group__campaign=campaign) if campaign is not None else entries


def sums_of(entries: QuerySet[LedgerEntry]) -> Sums:
    debit = Sum(Case(When(amount__gt=0, then=F("amount")), default=0))
    credit = Sum(Case(When(amount__lt=0, then=-F("amount")), default=0))
    found = entries.aggregate(debit=Coalesce(debit, 0), credit=Coalesce(credit, 0))
    return Sums(lines=entries.count(), debit=found["debit"], credit=found["credit"])


def rows_of(cooperative: Cooperative, entries: QuerySet[LedgerEntry]) -> Iterator[JournalRow]:
    """In the order of what happened, the lines of a group together; read as they are asked for."""
    codes, names, zone = codes_of(cooperative), tax_names(), ZoneInfo(cooperative.time_zone)
    campaigns = {row.pk: row.title for row in Campaign.objects.filter(cooperative=cooperative)}
    kinds = {value: str(label) for value, label in LedgerKind.choices}
    accounts = {value: str(label) for value, label in LedgerAccount.choices}
    ordered = entries.order_by("group__happened_at", "group_id", "id").values_list(*COLUMNS)
    for at, group, kind, reference, campaign, account, tax, amount, currency in ordered.iterator(CHUNK):
        yield JournalRow(
            day=at.astimezone(zone).date(),
            group=group,
            kind=kinds[kind],
            reference=reference,
            campaign=campaigns[campaign] if campaign else "",
            account=accounts[account],
            code=codes.get((account, tax), codes.get((account, ""), "")),
            tax=names.get(tax, tax.upper()),
            debit=max(amount, 0),
            credit=max(-amount, 0),
            currency=currency,
        )


COLUMNS = (
    *("group__happened_at", "group_id", "group__kind", "group__subject_key", "group__campaign_id"),
    *("account", "tax", "amount", "currency"),
)
