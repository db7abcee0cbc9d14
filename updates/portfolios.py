"""What an adviser follows, on Mondays: dossiers, dates, promises, silences, accounts. No backer's name is in it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Q

from campaigns.enums import CampaignState
from campaigns.models import Campaign, ReviewQuestion, Reward
from home import outbox
from home.mail.registry import kind_of
from home.models import Cooperative, Role
from pledges import counted_apart
from updates import next_news, promise_watch, team
from updates.digests import span_of
from updates.models import DelayNotice

#: After a Monday on which nothing ran, the week is still told of until here (0 is Monday).
LAST_WEEKDAY = 2

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Dated:
    """A launch or a deadline of this week."""

    campaign: Campaign
    at: datetime
    is_launch: bool


@dataclass(frozen=True)
class Promise:
    """A tier promised for a month, and how many people wait for it. `is_late`: that month is over."""

    reward: Reward
    month: date
    people: int
    is_late: bool


@dataclass(frozen=True)
class Portfolio:
    """`answered`: campaigns with questions that were answered and are to be settled. `trouble`: what is to settle."""

    waiting: list[Campaign]
    answered: int
    dates: list[Dated]
    promises: list[Promise]
    missed: list[DelayNotice]
    account_to_settle: bool
    sender_to_verify: bool

    @property
    def campaigns(self) -> int:
        """How many dossiers there is something to say about."""
        named = {campaign.pk for campaign in self.waiting} | {one.campaign.pk for one in self.dates}
        named |= {one.reward.campaign_id for one in self.promises} | {one.campaign_id for one in self.missed}
        return len(named)

    @property
    def to_watch(self) -> int:
        return len(self.promises)

    @property
    def is_empty(self) -> bool:
        return not (self.campaigns or self.answered or self.account_to_settle or self.sender_to_verify)


def tell(cooperative: Cooperative) -> None:
    """Once a week and reader, if there is something to follow. In the cooperative's scope."""
    now = team.local_now(cooperative)
    if now.weekday() > LAST_WEEKDAY or not team.has_begun(cooperative):
        return
    if portfolio_of(cooperative, now.date()).is_empty:
        return
    kind = kind_of("adviser_weekly")
    monday = now.date() - timedelta(days=now.weekday())
    outbox.queue_all(
        team.mails(
            kind,
            team.readers(cooperative, kind, Role.ADVISER),
            cooperative=cooperative,
            subject_key=f"cooperative:{cooperative.pk}",
            occasion=monday.isoformat(),
            facts={"today": now.date().isoformat()},
        )
    )


def portfolio_of(cooperative: Cooperative, today: date) -> Portfolio:
    """As things stand; a number of queries that does not depend on how many campaigns there are."""
    mine = Campaign.objects.filter(cooperative=cooperative).select_related("cooperative")
    questions = ReviewQuestion.objects.filter(cooperative=cooperative, settled_at=None)
    answered = questions.exclude(answered_at=None).aggregate(n=Count("dossier", distinct=True))["n"]
    return Portfolio(
        waiting=list(mine.filter(state=CampaignState.IN_REVIEW).order_by("submitted_at")),
        answered=answered,
        dates=dates_of(cooperative, today),
        promises=promises_of(cooperative, today),
        missed=next_news.missed_notices(cooperative),
        account_to_settle=not cooperative.takes_payments,
        sender_to_verify=cooperative.sender_verified_at is None,
    )


def dates_of(cooperative: Cooperative, today: date) -> list[Dated]:
    start, _end = span_of(today, cooperative)
    end, _end = span_of(today + WEEK, cooperative)
    launches = Q(state__in=[CampaignState.APPROVED, CampaignState.ANNOUNCED], launch_at__gte=start, launch_at__lt=end)
    ends = Q(state=CampaignState.LIVE, deadline__gte=start, deadline__lt=end)
    found = []
    for campaign in Campaign.objects.filter(launches | ends, cooperative=cooperative).select_related("cooperative"):
        launch = campaign.launch_at if not campaign.is_live else None
        found.append(Dated(campaign, launch or campaign.deadline, launch is not None))
    return sorted(found, key=lambda one: one.at)


def promises_of(cooperative: Cooperative, today: date) -> list[Promise]:
    """Late ones first, then those of this month; as they were counted apart, where they were."""
    known = counted_apart.waiting_of(cooperative)
    late, due = (known.late, known.due) if known else waiting_for(cooperative, today)
    rewards = Reward.objects.select_related("campaign").in_bulk({reward for reward, _month, _people in (*late, *due)})
    return [
        Promise(rewards[reward], date.fromisoformat(month), people, is_late)
        for rows, is_late in ((late, True), (due, False))
        for reward, month, people in rows
    ]


def waiting_for(cooperative: Cooperative, today: date) -> tuple[list[Any], list[Any]]:
    """(reward, month, people) of what is late, and of what is promised for this month."""
    late = [(reward.pk, month.isoformat(), people) for reward, month, people in promise_watch.late_tiers(cooperative)]
    due = promise_watch.promised_for(cooperative, today.replace(day=1))
    return late, [(owed.reward.pk, owed.month.isoformat(), owed.people) for owed in due]
