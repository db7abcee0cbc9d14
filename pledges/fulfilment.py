"""The state machine of a promised item: to come, being made, ready or sent, delivered; and who is owed what.

One call of `mark` is one transaction: the states, who changed them, and the mails that say so. A process that dies
inside it has changed nothing; one that dies after it leaves rows of mail that the tick finds.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.db import models, transaction
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    Count,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Handover
from home import clock, outbox
from home.mail.registry import kind_of
from home.models import Cooperative, OutgoingMail, User
from pledges.enums import DisputeState, FulfilmentState, PaymentState, PledgeState
from pledges.gone_back import given_up, given_up_requests, gone_back
from pledges.models import DeliveryAddress, Dispute, PledgeItem, Refund
from pledges.models.payments import GIVEN_BACK
from pledges.models.pledges import AWAITED, MONTH

CHUNK = 500

#: The pledge stands and its money came.
PAID = Q(pledge__state=PledgeState.CONFIRMED, pledge__payments__part=0, pledge__payments__state=PaymentState.PAID)


#: States in which a backer still waits.
WAITING = AWAITED


def abandon(campaign: Campaign) -> None:
    """Nothing of a campaign that was rehearsed, and is abandoned, is owed any more."""
    if not campaign.cooperative.is_rehearsal:
        raise TypeError(f"Campaign {campaign.pk} is no rehearsal's.")
    waiting = PledgeItem.objects.filter(pledge__campaign=campaign, state__in=WAITING)
    waiting.update(state=FulfilmentState.NOT_APPLICABLE, state_since=clock.now())


def paid_for(*, one_by_one: bool = False) -> Q:
    """The pledge stands, its money came and did not go back, neither all of it nor the item's: it is owed.

    What went back is read whole, once; `one_by_one`, it is asked of each item, for a page that looks at few.
    """
    if one_by_one:
        whole, part = gone_back().filter(pk=OuterRef("pledge")), given_up_requests()
        return PAID & Q(Exact(_any(whole), Value(False))) & Q(Exact(_any(part), Value(False)))
    return PAID & ~Q(pledge__in=gone_back()) & ~Q(given_up())


def _any(rows: QuerySet[Any]) -> Coalesce:
    """Whether there are any, as a value: of EXISTS a database may first read all rows that anything could ask about."""
    yes = rows.order_by().annotate(yes=Value(True)).values("yes")[:1]
    return Coalesce(Subquery(yes), Value(False), output_field=BooleanField())


@dataclass(frozen=True)
class Step:
    """What leads to a state: from which ones, for which ways of handing over, and the mail that tells of it."""

    earlier: tuple[FulfilmentState, ...]
    handovers: tuple[Handover, ...]
    mail: str = ""


#: States in which a reward is out of the cooperative's hands: `left_at` keeps the first of them.
LEAVES = (FulfilmentState.SENT, FulfilmentState.DELIVERED)

BEFORE_LEAVING = (FulfilmentState.NOT_STARTED, FulfilmentState.IN_PRODUCTION, FulfilmentState.RETURNED)

STEPS = {
    FulfilmentState.IN_PRODUCTION: Step((FulfilmentState.NOT_STARTED,), (Handover.POST, Handover.PICKUP)),
    FulfilmentState.READY: Step(BEFORE_LEAVING, (Handover.PICKUP,), mail="reward_ready"),
    FulfilmentState.SENT: Step(BEFORE_LEAVING, (Handover.POST,), mail="reward_sent"),
    FulfilmentState.DELIVERED: Step(
        (*BEFORE_LEAVING, FulfilmentState.READY, FulfilmentState.SENT), (Handover.POST, Handover.PICKUP)
    ),
    FulfilmentState.RETURNED: Step((FulfilmentState.SENT,), (Handover.POST,)),
    FulfilmentState.NOT_APPLICABLE: Step((*BEFORE_LEAVING, FulfilmentState.READY), (Handover.POST, Handover.PICKUP)),
    FulfilmentState.NOT_STARTED: Step((FulfilmentState.NOT_APPLICABLE,), (Handover.POST, Handover.PICKUP)),
}

#: A day may be given for what happened before it was marked; two marks of one day are no contradiction.
SAME_DAY = timedelta(seconds=1)

#: How long a tap on a pick-up day may be taken back.
UNDO = timedelta(minutes=10)


class Obstacle(models.TextChoices):
    """Why an item cannot move to a state. Checked in this order."""

    NOT_OWED = "not_owed", _("the contribution is not paid, or was cancelled")
    ALREADY = "already", _("already marked so")
    HANDOVER = "handover", _("handed over in another way")
    STATE = "state", _("already further on")
    OLDER = "older", _("something later is recorded")


@dataclass(frozen=True)
class Weighing:
    """What marking would do: `people` who would get a mail, by language; `obstacles` to the rest."""

    movable: int
    people: dict[str, int] = field(default_factory=dict)
    obstacles: Counter[Obstacle] = field(default_factory=Counter)

    @property
    def readers(self) -> int:
        return sum(self.people.values())


def mark(
    item_ids: Iterable[int],
    state: FulfilmentState,
    *,
    by: User | None,
    carrier: str = "",
    tracking_url: str = "",
    note: str = "",
    reason: str = "",
    at: datetime | None = None,
) -> int:
    """Move the items that may move, and queue the mail of each. Returns how many moved; a second time, none.

    `carrier` and `tracking_url` are kept for SENT, `reason` for NOT_APPLICABLE; `note` is the team's own words in the
    mail. `at`: when it happened, if that is not now (`instant_of`). Runs in the cooperative's scope: items of another
    one are not found. Raises ValueError for a state that nothing leads to.
    """
    if state not in STEPS:
        raise ValueError(f"Nothing leads to {state}.")
    at = at or clock.now()
    written = {"state": state, "state_since": at, "state_by": by, "state_reason": ""}
    if state == FulfilmentState.SENT:
        written |= {"carrier": carrier, "tracking_url": tracking_url}
    if state == FulfilmentState.NOT_APPLICABLE:
        written |= {"state_reason": reason}
    said = {"carrier": carrier, "tracking_url": tracking_url, "note": note}
    with transaction.atomic():
        return sum(_move(ids, state, written, said, at) for ids in _chunks(sorted(set(item_ids))))


def _move(
    ids: list[int], state: FulfilmentState, written: dict[str, object], said: dict[str, str], at: datetime
) -> int:
    """The pledges are locked with their items, so that one cancelled meanwhile is not told that its reward left."""
    items = list(
        movable(PledgeItem.objects.filter(pk__in=ids), state, at)
        .select_related("pledge__backer", "pledge__cooperative")
        .select_for_update(of=("self", "pledge"), no_key=True)
        .order_by("pk")
    )
    step = STEPS[state]
    free = PledgeItem.objects.filter(pk__in=[item.pk for item in items], state__in=step.earlier)
    if state in LEAVES:
        written = written | {"left_at": Coalesce("left_at", Value(at, output_field=models.DateTimeField()))}
    moved = free.update(**written)
    if state == FulfilmentState.RETURNED:
        _reopen_addresses(items)
    if step.mail:
        outbox.queue_all(_mail(item, step.mail, said, at) for item in items)
    return moved


def _reopen_addresses(items: list[PledgeItem]) -> None:
    """What came back may have been wrongly addressed: its backer corrects that before it leaves again."""
    addresses = DeliveryAddress.objects.filter(pledge__in={item.pledge_id for item in items})
    addresses.update(locked_at=None, lock_on=None)


def _mail(item: PledgeItem, kind: str, said: dict[str, str], at: datetime) -> OutgoingMail:
    """The occasion is the instant of the act: an item that came back and leaves again is told of again."""
    cooperative = item.pledge.cooperative
    happened_on = at.astimezone(ZoneInfo(cooperative.time_zone)).date()
    return outbox.mail_for(
        kind_of(kind),
        cooperative=cooperative,
        subject_key=f"item:{item.pk}",
        occasion=clock.now().isoformat(),
        to=item.pledge.backer,
        facts=said | {"date": happened_on.isoformat()},
    )


def _chunks(ids: list[int]) -> Iterator[list[int]]:
    rest = iter(ids)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def movable(
    items: QuerySet[PledgeItem], state: FulfilmentState, at: datetime | None = None, *, one_by_one: bool = False
) -> QuerySet[PledgeItem]:
    """Those that may move to a state now, or at an earlier instant. `one_by_one`: where few of them are read."""
    step = STEPS[state]
    found = items.filter(paid_for(one_by_one=one_by_one), state__in=step.earlier, handover__in=step.handovers)
    return found.exclude(_older(at)) if at else found


def _older(at: datetime) -> Q:
    """Whose state is later than that: what is older than what is recorded changes nothing."""
    return Q(state_since__isnull=False, state_since__gt=at + SAME_DAY)


def instant_of(day: date | None, cooperative: Cooperative) -> datetime:
    """When something happened of which the day is known: now, or the end of that day where the cooperative is."""
    now = clock.now()
    if day is None or day >= today_in(cooperative):
        return now
    return datetime.combine(day, time(23, 59, 59, now.microsecond), ZoneInfo(cooperative.time_zone)).astimezone(UTC)


def undo_handover(item: PledgeItem, was: FulfilmentState, *, by: User | None) -> bool:
    """Take back a handover just marked: the item is again what it was. False after some minutes, or if it moved on."""
    if was not in STEPS[FulfilmentState.DELIVERED].earlier or was == FulfilmentState.SENT:
        return False
    now = clock.now()
    recent = PledgeItem.objects.filter(
        pk=item.pk,
        handover=Handover.PICKUP,
        state=FulfilmentState.DELIVERED,
        received_at=None,
        state_since__gt=now - UNDO,
    )
    first = Case(When(left_at=F("state_since"), then=None), default=F("left_at"))
    return bool(recent.update(state=was, state_since=now, state_by=by, left_at=first))


def receive(item: PledgeItem) -> bool:
    """Its backer says that it arrived: once, of what was sent or marked as delivered."""
    now = clock.now()
    out = PledgeItem.objects.filter(paid_for(), pk=item.pk, received_at=None, state__in=LEAVES)
    with transaction.atomic():
        mine = list(out.select_for_update(of=("self",)).values_list("pk", "state"))
        for pk, state in mine:
            moved = {} if state == FulfilmentState.DELIVERED else {"state_since": now, "state_by": None}
            rows = PledgeItem.objects.filter(pk=pk, state=state, received_at=None)
            rows.update(received_at=now, state=FulfilmentState.DELIVERED, **moved)
    return bool(mine)


def weigh(items: QuerySet[PledgeItem], state: FulfilmentState, at: datetime | None = None) -> Weighing:
    """What marking these items would do. Three queries, however many items."""
    step = STEPS[state]
    older = [When(_older(at), then=Value(Obstacle.OLDER))] if at else []
    obstacle = Case(
        When(~paid_for(), then=Value(Obstacle.NOT_OWED)),
        When(state=state, then=Value(Obstacle.ALREADY)),
        When(~Q(handover__in=step.handovers), then=Value(Obstacle.HANDOVER)),
        When(~Q(state__in=step.earlier), then=Value(Obstacle.STATE)),
        *older,
        default=Value(""),
        output_field=CharField(),
    )
    by_obstacle = items.order_by().annotate(obstacle=obstacle).values("obstacle").annotate(count=Count("pk"))
    counts = {row["obstacle"]: row["count"] for row in by_obstacle}
    return Weighing(
        movable=counts.pop("", 0),
        people=_readers(movable(items, state, at)) if step.mail else {},
        obstacles=Counter({Obstacle(key): count for key, count in counts.items()}),
    )


def _readers(items: QuerySet[PledgeItem]) -> dict[str, int]:
    with_address = items.exclude(pledge__backer__email="").order_by()
    rows = with_address.values("pledge__backer__language").annotate(people=Count("pledge__backer", distinct=True))
    return {row["pledge__backer__language"]: row["people"] for row in rows}


@dataclass(frozen=True)
class Sought:
    """What a list of owed items is narrowed to. A `state` shows that state alone, owed or no longer."""

    campaign_id: int | None = None
    reward_id: int | None = None
    state: str = ""
    late_only: bool = False
    text: str = ""


def owed(cooperative: Cooperative, sought: Sought | None = None, *, one_by_one: bool = False) -> QuerySet[PledgeItem]:
    """Items that backers wait for, with `month_now`, `late`, `disputed`, `refunded`: by month, so the late ones first.

    `one_by_one`: for a page of them.
    """
    sought = sought or Sought()
    waiting = Q(state__in=WAITING)
    items = PledgeItem.objects.filter(paid_for(one_by_one=one_by_one), cooperative=cooperative)
    late = Q(month_now__lt=this_month(cooperative)) & waiting
    shown: QuerySet[Any] = items.filter(state=sought.state) if sought.state else items.filter(waiting)
    shown = shown.annotate(month_now=MONTH).annotate(
        late=ExpressionWrapper(late, output_field=BooleanField()), disputed=_disputed(), refunded=_refunded()
    )
    return _narrowed(shown, sought).order_by("month_now", "pk")


def _disputed() -> Coalesce:
    """The bank contests what was paid for it, or did so with success: better asked about before it leaves."""
    counts = [DisputeState.INQUIRY, DisputeState.OPEN, DisputeState.LOST]
    return _any(Dispute.objects.filter(payment__pledge=OuterRef("pledge"), state__in=counts))


def _refunded() -> Coalesce:
    """Some or all of what was paid for it went back."""
    return _any(Refund.objects.filter(GIVEN_BACK, payment__pledge=OuterRef("pledge")))


def _narrowed(items: QuerySet[Any], sought: Sought) -> QuerySet[Any]:
    if sought.campaign_id:
        items = items.filter(pledge__campaign_id=sought.campaign_id)
    if sought.reward_id:
        items = items.filter(reward_id=sought.reward_id)
    if sought.late_only:
        items = items.filter(late=True)
    if sought.text:
        named = Q(pledge__backer__name__icontains=sought.text) | Q(pledge__backer__email__icontains=sought.text)
        items = items.filter(named)
    return items


def late_count(cooperative: Cooperative) -> int:
    """How many items are past the month they are promised for."""
    return owed(cooperative, Sought(late_only=True)).count()


def today_in(cooperative: Cooperative) -> date:
    """The day it is where the cooperative is."""
    return clock.now().astimezone(ZoneInfo(cooperative.time_zone)).date()


def this_month(cooperative: Cooperative) -> date:
    """The first day of the month it is there: what was promised for an earlier month is late."""
    return today_in(cooperative).replace(day=1)
