"""How a campaign's money stands, summed over all its contributions, for the money's own screens.

Of a few thousand contributions it is summed for whoever asks. Of more it is counted by the clock and kept
(CampaignCount): a minute after anything was pledged, paid or given back, and every ten minutes whatever happened; later
where counting takes longer than two seconds. The screens say when it was counted. What moves money never reads this.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, F, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat

from campaigns.models import Campaign
from home import clock
from pledges.counted_apart import MANY, OLD, PATIENCE
from pledges.enums import LedgerAccount, LedgerKind
from pledges.models import CampaignCount, LedgerEntry, Payment, Pledge, Refund, Tally
from pledges.tallies import reading
from pledges.tallies.kinds import Kind

#: What no tally shows (a payment that is to be mended…) is counted after so many times as long.
QUIET = 10

Rows = list[list[Any]]

ROWS = Count("*")


def _summed(rows: QuerySet[Any], *by: str, amount: Any = "amount", how_many: Any = ROWS) -> QuerySet[Any, Any]:
    """(…by, how many, how much)"""
    grouped = rows.order_by().values(*by).annotate(of_rows=how_many, of_amounts=Sum(amount))
    return grouped.values_list(*by, "of_rows", "of_amounts")


def _ledger(campaign: Campaign) -> QuerySet[Any, Any]:
    """(kind, account, how much)"""
    entries = LedgerEntry.objects.filter(group__campaign=campaign).order_by()
    return (
        entries.values("group__kind", "account")
        .annotate(all=Sum("amount"))
        .values_list("group__kind", "account", "all")
    )


def _late(campaign: Campaign) -> Rows:
    """How many were made after the end, and how much they brought in by the ledger."""
    payments = Payment.objects.filter(pledge__campaign=campaign, pledge__is_late=True)
    key = Concat(Value("payment:"), Cast("pk", CharField()), output_field=CharField())
    made = LedgerEntry.objects.filter(
        group__campaign=campaign,
        group__kind=LedgerKind.PAYMENT,
        group__subject_key__in=payments.annotate(key=key).values("key"),
        account__in=[LedgerAccount.CONTRIBUTIONS, LedgerAccount.TAXES],
    )
    sums = made.aggregate(count=Count("group", distinct=True), amount=Sum("amount"))
    return [[sums["count"], -(sums["amount"] or 0)]]


def _timely(campaign: Campaign) -> QuerySet[Payment]:
    return Payment.objects.filter(pledge__campaign=campaign, pledge__is_late=False)


def _free(campaign: Campaign) -> QuerySet[Any, Any]:
    given = _timely(campaign).filter(part=0, pledge__extra__gt=0)
    return _summed(given, "state", amount="pledge__extra")


def _tiers(campaign: Campaign) -> QuerySet[Any, Any]:
    """Rewards with their postage."""
    item = "pledge__items__"
    price: Any = F(f"{item}quantity") * (F(f"{item}unit_amount") + F(f"{item}unit_postage"))
    rows = _timely(campaign).filter(part=0, pledge__items__quantity__gt=0)
    return _summed(rows, "state", f"{item}reward", amount=price, how_many=Count("pk", distinct=True))


#: What is summed, and how; rows of plain values.
SUMMED: dict[str, Callable[[Campaign], Iterable[Any]]] = {
    "pledges": lambda campaign: _summed(Pledge.objects.filter(campaign=campaign), "state"),
    "payments": lambda campaign: _summed(Payment.objects.filter(pledge__campaign=campaign), "state"),
    "refunds": lambda campaign: _summed(Refund.objects.filter(payment__pledge__campaign=campaign), "state"),
    "ledger": _ledger,
    "late": _late,
    "timely": lambda campaign: _summed(_timely(campaign), "state"),
    "free": _free,
    "tiers": _tiers,
}


class Counts:
    """The sums of one campaign; each is counted once it is asked for, or stands as it was at `counted_at`."""

    def __init__(self, campaign: Campaign, kept: dict[str, Rows] | None = None, at: datetime | None = None) -> None:
        self.campaign, self.counted_at = campaign, at
        self._rows = dict(kept or {})

    def rows(self, what: str) -> Rows:
        """Of `SUMMED`."""
        if what not in self._rows:
            self._rows[what] = [list(row) for row in SUMMED[what](self.campaign)]
        return self._rows[what]


def counts_of(campaign: Campaign) -> Counts:
    """As they were counted by the clock, where they were; in one query more than those that are asked for."""
    kept = CampaignCount.objects.filter(campaign_id=campaign.pk).first()
    return Counts(campaign, kept.sums, kept.counted_at) if kept else Counts(campaign)


def due() -> list[int]:
    """Campaigns of many contributions whose sums are missing or old."""
    people = Tally.objects.filter(kind=Kind.STANDING).order_by().values("campaign_id").annotate(all=Sum("people"))
    many = list(people.filter(all__gte=MANY).values_list("campaign_id", flat=True))
    known, seen = CampaignCount.objects.in_bulk(many), reading.sums_of(many)
    return [one for one in many if one not in known or _is_old(known[one], seen.get(one, {}))]


def _is_old(known: CampaignCount, seen: reading.Sums) -> bool:
    age, patience = clock.now() - known.counted_at, max(OLD, PATIENCE * timedelta(seconds=known.took))
    return age > (patience if known.seen != seen else QUIET * patience)


def keep(campaign: Campaign) -> None:
    """Count it, in the scope of its cooperative. What happens meanwhile is counted the next time."""
    at, began = clock.now(), time.monotonic()
    seen, counts = reading.sums_of([campaign.pk]).get(campaign.pk, {}), Counts(campaign)
    sums = {what: counts.rows(what) for what in SUMMED}
    CampaignCount.objects.update_or_create(
        campaign_id=campaign.pk,
        defaults={"seen": seen, "sums": sums, "counted_at": at, "took": time.monotonic() - began},
    )
