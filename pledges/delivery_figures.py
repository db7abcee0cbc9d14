"""How a cooperative keeps its word, in figures for its public pages: rewards promised, sent and received.

Counted are rewards (an item of three counts three) whose contribution stands and was paid, which are to be handed over
and were not given back whole.
"""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    Case,
    DateField,
    DateTimeField,
    Exists,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, TruncMonth

from campaigns.enums import Handover
from campaigns.models import Reward
from home.models import Cooperative
from pledges.enums import FulfilmentState
from pledges.fulfilment import LEAVES, paid_for, this_month
from pledges.models import CooperativeCount, DeliveryCount, PledgeItem

#: Fewer rewards than this give no share of a cooperative's.
FEWEST = 20

RECEIVED = Q(state=FulfilmentState.DELIVERED) | Q(received_at__isnull=False)


@dataclass(frozen=True)
class Kept:
    """Of the rewards that left, or that were first promised for a month that is over: how many left by that month."""

    total: int
    in_time: int

    @property
    def is_too_few(self) -> bool:
        return self.total < FEWEST


def _counted() -> QuerySet[PledgeItem]:
    return PledgeItem.objects.filter(paid_for(), quantity__gt=0).exclude(handover=Handover.NOTHING).order_by()


def _sum(items: QuerySet[Any], condition: Q | None = None) -> Coalesce:
    """How many rewards in all, or of those."""
    counted: Any = F("quantity")
    if condition is not None:
        counted = Case(When(condition, then=counted), default=Value(0), output_field=IntegerField())
    return Coalesce(Subquery(items.annotate(n=Sum(counted)).values("n")), 0)


def annotate_deliveries(rewards: QuerySet[Reward], cooperative: Cooperative) -> QuerySet[Any]:
    """Adds `promised`, `sent`, `received` and `last_arrival` of each tier, and the two sums of `Kept`, in its query.

    As they were counted apart, where they were (pledges.counted_apart): then no item is looked at.
    """
    apart = DeliveryCount.objects.filter(reward_id=OuterRef("pk"))
    whole = CooperativeCount.objects.filter(cooperative_id=cooperative.pk)
    counts, kept = _counts(), _kept(cooperative)
    arrival = Case(When(Exists(apart), then=Subquery(apart.values("last_arrival"))), default=counts.pop("last_arrival"))
    return rewards.annotate(
        last_arrival=arrival,
        **{name: _known(apart, name, counted) for name, counted in counts.items()},
        **{name: _known(whole, name, counted) for name, counted in kept.items()},
    )


def count_deliveries(rewards: QuerySet[Reward], cooperative: Cooperative) -> QuerySet[Any]:
    """The same, counted from the items."""
    return rewards.annotate(**_counts(), **_kept(cooperative))


def _known(rows: QuerySet[Any], name: str, counted: Any) -> Coalesce:
    """Nothing is counted where it is known."""
    return Coalesce(Subquery(rows.values(name)), counted, output_field=IntegerField())


def _counts() -> dict[str, Any]:
    mine = _counted().filter(reward=OuterRef("pk")).values("reward")
    arrivals = mine.filter(RECEIVED).annotate(at=Max(Coalesce("received_at", "state_since"))).values("at")
    return {
        "promised": _sum(mine),
        "sent": _sum(mine, Q(state__in=LEAVES)),
        "received": _sum(mine, RECEIVED),
        "last_arrival": Subquery(arrivals, output_field=DateTimeField()),
    }


def _kept(cooperative: Cooperative) -> dict[str, Any]:
    zone = ZoneInfo(cooperative.time_zone)
    month_left = TruncMonth("left_at", tzinfo=zone, output_field=DateField())
    items = _counted().filter(cooperative=cooperative).annotate(month_left=month_left)
    due = items.filter(Q(left_at__isnull=False) | Q(first_month__lt=this_month(cooperative))).values("cooperative")
    in_time = Q(month_left__lte=F("first_month"))
    return {"kept_total": _sum(due), "kept_in_time": _sum(due, in_time)}


def annotate_kept_word(rewards: QuerySet[Any], cooperative: Cooperative) -> QuerySet[Any]:
    """Adds how the first promise of each tier was kept: `on_time` and `later` of what is out of the cooperative's
    hands, `overdue` of what is not though its first month is over, `excused` of which nothing is to be handed over any
    more, and when the first and the last left.

    What came back is still to be handed over.
    """
    zone = ZoneInfo(cooperative.time_zone)
    at, month = Coalesce("left_at", "state_since"), TruncMonth("at", tzinfo=zone, output_field=DateField())
    mine = _counted().filter(reward=OuterRef("pk")).annotate(at=at).annotate(month_left=month).values("reward")
    out, excused = Q(state__in=LEAVES), Q(state=FulfilmentState.NOT_APPLICABLE)
    left = mine.filter(out).annotate(first=Min("at"), last=Max("at"))
    return rewards.annotate(
        on_time=_sum(mine, out & Q(month_left__lte=F("first_month"))),
        later=_sum(mine, out & ~Q(month_left__lte=F("first_month"))),
        overdue=_sum(mine, ~out & ~excused & Q(first_month__lt=this_month(cooperative))),
        excused=_sum(mine, excused),
        first_left=Subquery(left.values("first"), output_field=DateTimeField()),
        last_left=Subquery(left.values("last"), output_field=DateTimeField()),
    )
