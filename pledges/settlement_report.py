"""How the debits of a campaign went, as its treasurers read it. Money in hand comes from the ledger, gross.

Amounts in minor units of the campaign's currency.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, F, QuerySet, Sum, Value
from django.db.models.functions import Cast, Concat

from campaigns.models import Campaign
from home import clock
from pledges.enums import LedgerAccount, LedgerKind, PaymentMethod, PaymentState
from pledges.models import LedgerEntry, Payment, PaymentAttempt, Settlement
from pledges.totals import progress_of

#: Where a payment stands, in a treasurer's words.
COLLECTED, DUE, IN_GRACE, DROPPED = "collected", "due", "in_grace", "dropped"
STANDINGS = {
    PaymentState.PAID: COLLECTED,
    PaymentState.DUE: DUE,
    PaymentState.ACTION: IN_GRACE,
    PaymentState.MEND: IN_GRACE,
    PaymentState.DROPPED: DROPPED,
}
#: The span over which the pace of a settlement is measured.
MEASURED = timedelta(minutes=1)


@dataclass
class Tally:
    """How many contributions, and how much in all."""

    count: int = 0
    amount: int = 0


@dataclass
class ByStanding:
    """Contributions as they stand; `title` is a tier's, empty for what was given without one."""

    title: str = ""
    collected: Tally = field(default_factory=Tally)
    due: Tally = field(default_factory=Tally)
    in_grace: Tally = field(default_factory=Tally)
    dropped: Tally = field(default_factory=Tally)

    def add(self, state: str, count: int, amount: int) -> None:
        standing = STANDINGS.get(PaymentState(state))
        if standing:
            tally: Tally = getattr(self, standing)
            tally.count += count
            tally.amount += amount


@dataclass(frozen=True)
class Report:
    """`collected` to `left`: by the ledger, of payments made, before any refund or dispute. `whole`: of all tiers.

    `late` was contributed after the end: in no other figure but `commission`, `fees` and `left`, which are of all.
    """

    campaign: Campaign
    pledged: int
    collected: int
    late: Tally
    commission: int
    fees: int
    left: int
    whole: ByStanding
    tiers: list[ByStanding]


@dataclass(frozen=True)
class Pace:
    """Payments answered for in the last minute, how many are due, and when none will be at that pace (if known)."""

    per_minute: int
    due: int
    ends_at: datetime | None


def report_of(campaign: Campaign) -> Report:
    """A few queries, whatever the number of contributions."""
    accounts = _accounts(campaign)
    contributions = -accounts.get(LedgerAccount.CONTRIBUTIONS, 0) - accounts.get(LedgerAccount.TAXES, 0)
    commission = accounts.get(LedgerAccount.COMMISSION, 0)
    fees = accounts.get(LedgerAccount.PROCESSING_FEES, 0)
    late = _late(campaign)
    whole, without_tier = _whole(campaign)
    return Report(
        campaign=campaign,
        pledged=progress_of(campaign).pledged,
        collected=contributions - late.amount,
        late=late,
        commission=commission,
        fees=fees,
        left=contributions - commission - fees,
        whole=whole,
        tiers=[*_tiers(campaign), *without_tier],
    )


def pace_of(settlement: Settlement) -> Pace:
    """How fast a settlement goes just now."""
    now = clock.now()
    rows = PaymentAttempt.objects.filter(payment__pledge__campaign=settlement.campaign_id)
    answered = rows.filter(answered_at__gt=now - MEASURED).values("payment").distinct().count()
    by_card = Payment.objects.filter(pledge__campaign=settlement.campaign_id, method=PaymentMethod.CARD)
    due = by_card.filter(state=PaymentState.DUE).count()
    goes_on = answered and due and settlement.paused_at is None
    return Pace(answered, due, now + MEASURED * due / answered if goes_on else None)


def _accounts(campaign: Campaign) -> dict[str, int]:
    made = LedgerEntry.objects.filter(group__campaign=campaign, group__kind__in=[LedgerKind.PAYMENT, LedgerKind.FEE])
    return {row["account"]: row["total"] for row in made.values("account").annotate(total=Sum("amount"))}


def _late(campaign: Campaign) -> Tally:
    payments = Payment.objects.filter(pledge__campaign=campaign, pledge__is_late=True)
    key = Concat(Value("payment:"), Cast("pk", CharField()), output_field=CharField())
    made = LedgerEntry.objects.filter(
        group__campaign=campaign,
        group__kind=LedgerKind.PAYMENT,
        group__subject_key__in=payments.annotate(key=key).values("key"),
        account__in=[LedgerAccount.CONTRIBUTIONS, LedgerAccount.TAXES],
    )
    sums = made.aggregate(count=Count("group", distinct=True), amount=Sum("amount"))
    return Tally(sums["count"], -(sums["amount"] or 0))


def _timely(campaign: Campaign) -> QuerySet[Payment]:
    return Payment.objects.filter(pledge__campaign=campaign, pledge__is_late=False)


def _whole(campaign: Campaign) -> tuple[ByStanding, list[ByStanding]]:
    """All payments of before the end, and what of them was given without a tier."""
    rows = _timely(campaign).values("state")
    whole, free = ByStanding(), ByStanding()
    for row in rows.annotate(count=Count("pk"), amount=Sum("amount")):
        whole.add(row["state"], row["count"], row["amount"])
    given = rows.filter(part=0, pledge__extra__gt=0)
    for row in given.annotate(count=Count("pk"), amount=Sum("pledge__extra")):
        free.add(row["state"], row["count"], row["amount"])
    return whole, [free] if free != ByStanding() else []


def _tiers(campaign: Campaign) -> list[ByStanding]:
    """Rewards with their postage, by tier in the order of the page."""
    item = "pledge__items__"
    price: Any = F(f"{item}quantity") * (F(f"{item}unit_amount") + F(f"{item}unit_postage"))
    rows = _timely(campaign).filter(part=0, pledge__items__quantity__gt=0)
    sums: Any = rows.values("state", reward=F(f"{item}reward")).annotate(
        count=Count("pk", distinct=True), amount=Sum(price)
    )
    tiers = {reward.pk: ByStanding(title=reward.title) for reward in campaign.rewards.order_by("position", "pk")}
    for row in sums:
        tiers[row["reward"]].add(row["state"], row["count"], row["amount"])
    return list(tiers.values())
