"""Which drafts are due now: asked again at any time with the same answer, in as many queries for all as for one."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest

from campaigns.enums import OVER, CampaignState
from campaigns.models import Campaign
from home import clock
from pledges import totals
from pledges.fulfilment import WAITING, paid_for
from pledges.models import PledgeItem
from pledges.totals import Progress
from updates import next_news
from updates.models import CoachingDraft

MILESTONES = (25, 50, 75, 100)
LAST_HOURS = (24, 72)

#: After so long without news, those who wait are told where things stand.
SILENCE = timedelta(days=30)

#: How long after the outcome a draft of thanks is still prepared.
THANKS_WITHIN = timedelta(days=30)

#: Rewards may be owed, and news of them is expected.
OPEN = (CampaignState.LIVE, CampaignState.FUNDED, CampaignState.ENDED, CampaignState.FULFILLING)


def followed() -> QuerySet[Any]:
    """Campaigns for which a draft may be due, with `news_since`: when their backers last heard of them."""
    now = clock.now()
    decided = Q(state__in=OVER, decided_at__gt=now - THANKS_WITHIN)
    rows = Campaign.objects.filter(Q(state__in=OPEN) | decided).select_related("cooperative__site", "source_locale")
    begun = Greatest("launched_at", Coalesce("decided_at", "launched_at"))
    return rows.annotate(news_since=Coalesce(Max("updates__published_at"), begun)).order_by("pk")


def due(campaigns: Iterable[Any]) -> dict[int, list[str]]:
    """By campaign id, the occasions whose draft is due and was never prepared. `campaigns` come from `followed`."""
    rows = list(campaigns)
    running = [campaign for campaign in rows if campaign.is_live and campaign.deadline > clock.now()]
    progress = totals.progress_of_all(running)
    made = _made(rows)
    waiting = people_waiting(campaign for campaign in rows if _is_silent(campaign))
    missed = _promised_news(rows)
    found = {
        campaign.pk: [
            *(_of_running(campaign, progress[campaign.pk], made[campaign.pk]) if campaign.pk in progress else []),
            *_of_outcome(campaign),
            *([missed[campaign.pk]] if campaign.pk in missed else []),
            *(_of_silence(campaign, made[campaign.pk], missed) if waiting.get(campaign.pk) else []),
        ]
        for campaign in rows
    }
    return {pk: [one for one in occasions if one not in made[pk]] for pk, occasions in found.items()}


def _made(campaigns: list[Any]) -> dict[int, dict[str, Any]]:
    made: dict[int, dict[str, Any]] = {campaign.pk: {} for campaign in campaigns}
    rows = CoachingDraft.objects.filter(campaign__in=campaigns).values_list("campaign_id", "occasion", "made_at")
    for campaign_id, occasion, made_at in rows:
        made[campaign_id][occasion] = made_at
    return made


def _of_running(campaign: Campaign, progress: Progress, made: dict[str, Any]) -> list[str]:
    """The highest milestone reached, unless it or a higher one was; and the last hours one is in."""
    reached = max((one for one in MILESTONES if progress.percent >= one), default=0)
    highest = max((one for one in MILESTONES if str(one) in made), default=0)
    left = campaign.deadline - clock.now()
    hours = next((one for one in LAST_HOURS if left <= timedelta(hours=one)), None)
    return [
        *([str(reached)] if reached > highest else []),
        *([f"{hours}h{':extended' if campaign.is_extended else ''}"] if hours and _ran_before(campaign, hours) else []),
    ]


def _ran_before(campaign: Campaign, hours: int) -> bool:
    """It was open before its last hours began: else its opening says as much."""
    opened = campaign.launched_at
    return opened is not None and opened < campaign.deadline - timedelta(hours=hours)


def _of_outcome(campaign: Campaign) -> list[str]:
    decided = campaign.decided_at if campaign.outcome else None
    return ["thanks"] if decided and decided > clock.now() - THANKS_WITHIN else []


def _is_silent(campaign: Any) -> bool:
    since = campaign.news_since
    return campaign.state in OPEN and since is not None and since <= clock.now() - SILENCE


def _of_silence(campaign: Any, made: dict[str, Any], missed: dict[int, str]) -> list[str]:
    """One draft for one silence, whichever way it was noticed."""
    about_news = [at for occasion, at in made.items() if occasion.startswith(("silence:", "next-news:"))]
    if campaign.pk in missed or any(at > campaign.news_since for at in about_news):
        return []
    return [f"silence:{campaign.news_since:%Y-%m-%d}"]


def people_waiting(campaigns: Iterable[Campaign]) -> dict[int, int]:
    """By campaign id, how many people are owed a reward that they paid for. One query."""
    wanted = list(campaigns)
    owed = PledgeItem.objects.filter(paid_for(), pledge__campaign__in=wanted, state__in=WAITING, quantity__gt=0)
    rows = owed.order_by().values("pledge__campaign_id").annotate(people=Count("pledge__backer_id", distinct=True))
    return {row["pledge__campaign_id"]: row["people"] for row in rows}


def _promised_news(campaigns: list[Any]) -> dict[int, str]:
    """By campaign id, the notice whose promised news did not come; as many queries as there are cooperatives."""
    cooperatives = {campaign.cooperative_id: campaign.cooperative for campaign in campaigns}
    known = {campaign.pk for campaign in campaigns}
    return {
        notice.campaign_id: f"next-news:{notice.pk}"
        for cooperative in cooperatives.values()
        for notice in next_news.missed_notices(cooperative)
        if notice.campaign_id in known
    }
