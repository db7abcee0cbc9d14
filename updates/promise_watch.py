"""The months that were promised, watched for the team: one comes next, one is over with nothing sent, news is missed.

May be asked again at any time: a mail has one row per tier, month and reader. What is told of is what backers wait for
now: nothing that was handed over, moved to another month by a delay, given back, or belongs to another cooperative.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, When

from campaigns.models import Handover, Reward
from home import outbox
from home.mail.registry import kind_of
from home.models import Cooperative, Role
from pledges.enums import FulfilmentState, RefundState, SurveyState
from pledges.fulfilment import WAITING, paid_for, today_in
from pledges.models import DeliveryAddress, Payment, PledgeItem, SurveyReply
from pledges.promises import annotate_current_month
from updates import coaching_due, next_news, team

WEEK = timedelta(days=7)

#: “One week late” is no longer what it is.
TOO_LATE_TO_TELL = timedelta(days=21)


@dataclass(frozen=True)
class Owed:
    """What of one tier is promised for one month and still waited for. `ready` of them can be picked up."""

    reward: Reward
    month: date
    rewards: int
    people: int
    ready: int
    missing: int


def month_after(month: date) -> date:
    return (month.replace(day=1) + timedelta(days=31)).replace(day=1)


def waited_for(cooperative: Cooperative) -> QuerySet[Any]:
    """Items that were paid for, not given back whole, and are not in their backer's hands; with `month_now`."""
    given_back = Sum("refunds__amount", filter=Q(refunds__state__in=[RefundState.DUE, RefundState.DONE]))
    refunded = Payment.objects.filter(pledge=OuterRef("pledge"), part=0).annotate(back=given_back)
    items = PledgeItem.objects.filter(paid_for(), cooperative=cooperative, state__in=WAITING, quantity__gt=0)
    return annotate_current_month(items).exclude(Exists(refunded.filter(back__gte=F("amount"))))


def tell_all(cooperative: Cooperative) -> None:
    """In the cooperative's scope."""
    tell_of_next_month(cooperative)
    tell_of_late_ones(cooperative)
    tell_of_missed_news(cooperative)


def tell_of_next_month(cooperative: Cooperative) -> None:
    kind = kind_of("promise_in_one_month")
    people = team.readers(cooperative, kind, Role.EDITOR)
    for owed in promised_for(cooperative, month_after(today_in(cooperative))):
        facts = {"month": owed.month.isoformat(), "n": owed.rewards, "ready": owed.ready, "missing": owed.missing}
        _queue(kind, people, cooperative, owed, facts)


def tell_of_late_ones(cooperative: Cooperative) -> None:
    """A week after the month, if nothing of what it was promised for has left or can be picked up."""
    kind = kind_of("promise_week_late")
    people = team.readers(cooperative, kind, Role.EDITOR, Role.ADVISER)
    for month in late_months(today_in(cooperative)):
        begun = _begun(cooperative, month)
        for owed in promised_for(cooperative, month):
            if owed.reward.pk not in begun:
                _queue(kind, people, cooperative, owed, {"month": month.isoformat(), "n": owed.people})


def _queue(kind: Any, people: Any, cooperative: Cooperative, owed: Owed, facts: dict[str, Any]) -> None:
    outbox.queue_all(
        team.mails(
            kind,
            people,
            cooperative=cooperative,
            subject_key=f"reward:{owed.reward.pk}",
            occasion=owed.month.isoformat(),
            facts=facts,
        )
    )


def tell_of_missed_news(cooperative: Cooperative) -> None:
    """Once for each notice: the draft that awaits is prepared by updates.coaching."""
    kind = kind_of("next_news_missed")
    missed = next_news.missed_notices(cooperative)
    waiting = coaching_due.people_waiting([notice.campaign for notice in missed]) if missed else {}
    people = team.readers(cooperative, kind, Role.EDITOR, Role.ADVISER)
    for notice in missed:
        if n := waiting.get(notice.campaign_id):
            outbox.queue_all(
                team.mails(
                    kind,
                    people,
                    cooperative=cooperative,
                    subject_key=f"notice:{notice.pk}",
                    occasion=notice.next_news_on.isoformat(),
                    facts={"n": n},
                )
            )


def late_months(today: date) -> list[date]:
    """The months that ended a week ago, and not much longer."""
    months = [today.replace(day=1)]
    for _ in range(2):
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return [month for month in months if WEEK <= today - month_after(month) < TOO_LATE_TO_TELL]


def promised_for(cooperative: Cooperative, month: date) -> list[Owed]:
    """By tier. Three queries."""
    items = waited_for(cooperative).filter(month_now=month)
    rows = (
        items.order_by()
        .values("reward_id")
        .annotate(
            rewards=Sum("quantity"),
            people=Count("pledge__backer_id", distinct=True),
            ready=Sum(Case(When(state=FulfilmentState.READY, then="quantity"), default=0)),
        )
    )
    missing = dict(
        items.filter(_lacks_something())
        .order_by()
        .values("reward_id")
        .annotate(n=Count("pk", distinct=True))
        .values_list("reward_id", "n")
    )
    rewards = Reward.objects.select_related("campaign").in_bulk([row["reward_id"] for row in rows])
    return [
        Owed(
            reward=rewards[row["reward_id"]],
            month=month,
            rewards=row["rewards"],
            people=row["people"],
            ready=row["ready"],
            missing=missing.get(row["reward_id"], 0),
        )
        for row in sorted(rows, key=lambda one: one["reward_id"])
    ]


def _lacks_something() -> Q:
    """To be mailed and no address; or a survey that runs and no answer to it."""
    address = DeliveryAddress.objects.filter(pledge=OuterRef("pledge"))
    answer = SurveyReply.objects.filter(item=OuterRef("pk"), survey__state=SurveyState.OPEN)
    asked = Q(reward__surveys__state=SurveyState.OPEN) & ~Exists(answer)
    return (Q(handover=Handover.POST) & ~Exists(address)) | asked


def _begun(cooperative: Cooperative, month: date) -> set[int]:
    """Tiers of which something promised for that month has left, or can be picked up."""
    handed = Q(state__in=[FulfilmentState.READY, FulfilmentState.SENT, FulfilmentState.DELIVERED])
    items = annotate_current_month(PledgeItem.objects.filter(cooperative=cooperative)).filter(month_now=month)
    return set(items.filter(handed | Q(left_at__isnull=False)).values_list("reward_id", flat=True))


def late_tiers(cooperative: Cooperative) -> list[tuple[Reward, date, int]]:
    """(tier, month, people) of what waits past its month, earliest month first. Two queries."""
    late = waited_for(cooperative).filter(month_now__lt=today_in(cooperative).replace(day=1)).order_by()
    rows = list(late.values("reward_id", "month_now").annotate(n=Count("pledge__backer_id", distinct=True)))
    rewards = Reward.objects.select_related("campaign").in_bulk({row["reward_id"] for row in rows})
    found = [(rewards[row["reward_id"]], row["month_now"], row["n"]) for row in rows]
    return sorted(found, key=lambda one: (one[1], one[0].pk))
