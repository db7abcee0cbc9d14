"""When each item is promised: the month of its latest promise, else the first one."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns.models import Reward
from pledges.models import DatePromise, PledgeItem


@dataclass(frozen=True)
class Promised:
    """One month that was promised; `announced_at` is empty for the first."""

    month: date
    announced_at: datetime | None = None


def current_month(item: PledgeItem) -> date:
    """The first day of the month an item is promised for now."""
    latest = item.promises.order_by("id").last()
    return latest.month if latest else item.first_month


def annotate_current_month(items: QuerySet[PledgeItem]) -> QuerySet[Any]:
    """Adds `month_now`, so that a list of items needs no query each."""
    latest = DatePromise.objects.filter(item=OuterRef("pk")).order_by("-id").values("month")[:1]
    return items.annotate(month_now=Coalesce(Subquery(latest), "first_month"))


def history(item: PledgeItem) -> list[Promised]:
    """Every month an item was promised for, first to latest. Reads `promises`, which may be prefetched."""
    later = sorted(item.promises.all(), key=lambda promise: promise.id)
    return [Promised(item.first_month), *(Promised(promise.month, promise.made_at) for promise in later)]


def annotate_tier_month(rewards: QuerySet[Reward]) -> QuerySet[Any]:
    """Adds `month_now`: what a new backer of the tier is promised, that is the latest month promised to anyone."""
    latest = DatePromise.objects.filter(item__reward=OuterRef("pk")).order_by("-id").values("month")[:1]
    return rewards.annotate(month_now=Coalesce(Subquery(latest), "estimated_delivery"))


def tier_month(reward: Reward) -> date:
    """The first day of the month that a new backer of this tier is promised."""
    latest = DatePromise.objects.filter(item__reward=reward).order_by("id").last()
    return latest.month if latest else reward.estimated_delivery
