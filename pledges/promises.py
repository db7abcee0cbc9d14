"""When each item is promised: the month of its latest promise, else the first one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from campaigns.models import Reward
from pledges.models import DatePromise, PledgeItem

#: What to prefetch on items so that their histories need no query each.
WITH_ANSWERS = "promises__acceptance"


@dataclass(frozen=True)
class Promised:
    """One month that was promised; `announced_at` is empty for the first. `accepted_at`: its backer's yes."""

    month: date
    announced_at: datetime | None = None
    accepted_at: datetime | None = None
    promise_id: int | None = None


def current_month(item: PledgeItem) -> date:
    """The first day of the month an item is promised for now."""
    latest = item.promises.order_by("id").last()
    return latest.month if latest else item.first_month


def annotate_current_month(items: QuerySet[PledgeItem]) -> QuerySet[Any]:
    """Adds `month_now`, so that a list of items needs no query each."""
    latest = DatePromise.objects.filter(item=OuterRef("pk")).order_by("-id").values("month")[:1]
    return items.annotate(month_now=Coalesce(Subquery(latest), "first_month"))


def astray() -> Iterator[tuple[int, date | None, date | None]]:
    """(item, month, month) where `moved_to` is not the month of the latest promise."""
    latest = DatePromise.objects.filter(item=OuterRef("pk")).order_by("-id").values("month")[:1]
    promised = Q(Exists(DatePromise.objects.filter(item=OuterRef("pk"))))
    moved = PledgeItem.objects.filter(promised | Q(moved_to__isnull=False)).annotate(latest=Subquery(latest))
    for pk, month, of_promise in moved.order_by("pk").values_list("pk", "moved_to", "latest").iterator(1000):
        if month != of_promise:
            yield pk, month, of_promise


def set_right() -> int:
    """Write `moved_to` again where it strayed. Returns how many did."""
    found = list(astray())
    for pk, _month, of_promise in found:
        PledgeItem.objects.filter(pk=pk).update(moved_to=of_promise)
    return len(found)


def history(item: PledgeItem) -> list[Promised]:
    """Every month an item was promised for, first to latest. Reads `promises` with `WITH_ANSWERS`, if prefetched."""
    later = sorted(item.promises.all(), key=lambda promise: promise.id)
    return [Promised(item.first_month), *(promised_by(promise) for promise in later)]


def promised_by(promise: DatePromise) -> Promised:
    acceptance = getattr(promise, "acceptance", None)
    return Promised(promise.month, promise.made_at, acceptance.accepted_at if acceptance else None, promise.pk)


def agreed_month(told: Iterable[Promised]) -> date:
    """The latest month of a history that its backer has agreed to: the first, an earlier one, or one accepted."""
    first, *later = told
    agreed = first.month
    for promised in later:
        if promised.month <= agreed or promised.accepted_at:
            agreed = promised.month
    return agreed


def awaits_answer(told: list[Promised]) -> bool:
    """The latest month is later than any its backer has agreed to. Silence agrees to nothing."""
    return told[-1].month > agreed_month(told)


def annotate_tier_month(rewards: QuerySet[Reward]) -> QuerySet[Any]:
    """Adds `month_now`: what a new backer of the tier is promised, that is the latest month promised to all of it."""
    to_all = DatePromise.objects.filter(item__reward=OuterRef("pk"), for_some=False)
    latest = to_all.order_by("-id").values("month")[:1]
    return rewards.annotate(month_now=Coalesce(Subquery(latest), "estimated_delivery"))


def tier_month(reward: Reward) -> date:
    """The first day of the month that a new backer of this tier is promised."""
    latest = DatePromise.objects.filter(item__reward=reward, for_some=False).order_by("id").last()
    return latest.month if latest else reward.estimated_delivery
