"""How the debits of a campaign went, as its treasurers read it. Money in hand comes from the ledger, gross.

Amounts in minor units of the campaign's currency.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaigns.models import Campaign
from home import clock
from pledges.enums import LedgerAccount, LedgerKind, PaymentMethod, PaymentState
from pledges.models import Payment, PaymentAttempt, Settlement
from pledges.money_counts import Counts, Rows
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


def report_of(campaign: Campaign, counts: Counts | None = None) -> Report:
    """A few queries, whatever the number of contributions. Counted now, unless `counts` are given."""
    counts = counts or Counts(campaign)
    accounts = _accounts(counts)
    contributions = -accounts[LedgerAccount.CONTRIBUTIONS] - accounts[LedgerAccount.TAXES]
    commission, fees = accounts[LedgerAccount.COMMISSION], accounts[LedgerAccount.PROCESSING_FEES]
    ((how_many, brought),) = counts.rows("late")
    late = Tally(how_many, brought)
    return Report(
        campaign=campaign,
        pledged=progress_of(campaign).pledged,
        collected=contributions - late.amount,
        late=late,
        commission=commission,
        fees=fees,
        left=contributions - commission - fees,
        whole=_standing(counts.rows("timely")),
        tiers=_tiers(counts),
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


def _accounts(counts: Counts) -> Counter[str]:
    """By account, of payments made and what they cost."""
    found: Counter[str] = Counter()
    for kind, account, total in counts.rows("ledger"):
        if kind in (LedgerKind.PAYMENT, LedgerKind.FEE):
            found[account] += total
    return found


def _standing(rows: Rows) -> ByStanding:
    found = ByStanding()
    for state, count, amount in rows:
        found.add(state, count, amount)
    return found


def _tiers(counts: Counts) -> list[ByStanding]:
    """Rewards with their postage, by tier in the order of the page; last what was given without a tier."""
    rewards = counts.campaign.rewards.order_by("position", "pk")
    tiers = {reward.pk: ByStanding(title=reward.title) for reward in rewards}
    for state, reward, count, amount in counts.rows("tiers"):
        tiers[reward].add(state, count, amount)
    free = _standing(counts.rows("free"))
    return [*tiers.values(), *([free] if free != ByStanding() else [])]
