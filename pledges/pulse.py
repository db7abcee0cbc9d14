"""The figures of contributions that public pages show, noted while a page is made and read again while it is kept.

Each kind is noted and read by the same function, so that what is compared is the same (home.page_cache.pulse).
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import QuerySet

from campaigns import queries
from campaigns.models import Campaign, RewardPostage
from home.models import Cooperative
from home.page_cache import noting, pulse
from home.page_cache.noting import Fact
from home.ready_queries import Ready
from pledges import promises, walls
from pledges.delivery_figures import annotate_deliveries
from pledges.fulfilment import this_month
from pledges.totals import Progress, progress_of_all
from pledges.walls import WallPage

PROGRESS, OFFERS, WALL = "progress", "offers", "wall"


def shown(progress: Progress) -> Progress:
    """The same; the page that is being made shows it."""
    noting.shows((PROGRESS, progress.campaign.pk), _said_of(progress))
    return progress


def offers_shown(campaign: Campaign) -> list[Any]:
    """The campaign's tiers, each with its stock, the month it is promised for now (`month_now`) and its figures.

    Two queries. The page that is being made shows them.
    """
    rewards = _offers_of(campaign)
    noting.shows((OFFERS, campaign.pk), [_offered(reward) for reward in rewards])
    return rewards


def wall_shown(campaign: Campaign, *, size: int, after: int = 0) -> WallPage:
    """Part of its wall (pledges.walls), which the page that is being made shows."""
    page = walls.page_of(campaign, size=size, after=after)
    noting.shows((WALL, campaign.pk, size, after), page)
    return page


def _said_of(progress: Progress) -> tuple[int, ...]:
    return progress.pledged, progress.collected, progress.refunded, progress.backers, progress.units


def _offers_of(campaign: Campaign) -> list[Any]:
    house = campaign.cooperative
    rewards = _OFFERS(campaign.pk, house.pk, shape=(house.time_zone, this_month(house)))
    postage: dict[int, list[RewardPostage]] = {reward.pk: [] for reward in rewards}
    for row in _POSTAGE(campaign.pk):
        postage[row.reward_id].append(row)
    for reward in rewards:
        reward.campaign, reward.known_postage = campaign, postage[reward.pk]
    return rewards


def _build_offers(campaign_id: int, cooperative_id: int, zone: str, month: date) -> QuerySet[Any]:
    campaign = Campaign(pk=campaign_id, cooperative=Cooperative(pk=cooperative_id, time_zone=zone))
    rewards = promises.annotate_tier_month(queries.rewards_of(campaign))
    return annotate_deliveries(rewards, campaign.cooperative)


_OFFERS = Ready(_build_offers)


def _build_postage(campaign_id: int) -> QuerySet[RewardPostage]:
    return RewardPostage.objects.filter(reward__campaign=campaign_id)


_POSTAGE = Ready(_build_postage)


def _offered(reward: Any) -> tuple[Any, ...]:
    stock = (reward.stock.left, reward.stock.held) if reward.limit is not None else None
    figures = reward.promised, reward.sent, reward.received, reward.last_arrival
    return reward.pk, stock, reward.month_now, figures, reward.kept_total, reward.kept_in_time


@pulse.reads(PROGRESS)
def _read_progress(facts: Collection[Fact]) -> dict[Fact, Any]:
    campaigns = Campaign.objects.filter(pk__in=[pk for _kind, pk in facts])
    return {(PROGRESS, pk): _said_of(progress) for pk, progress in progress_of_all(campaigns).items()}


@pulse.reads(OFFERS)
def _read_offers(facts: Collection[Fact]) -> dict[Fact, Any]:
    campaigns = Campaign.objects.select_related("cooperative").filter(pk__in=[pk for _kind, pk in facts])
    return {(OFFERS, one.pk): [_offered(reward) for reward in _offers_of(one)] for one in campaigns}


@pulse.reads(WALL)
def _read_walls(facts: Collection[Fact]) -> dict[Fact, Any]:
    campaigns = Campaign.objects.in_bulk([fact[1] for fact in facts])
    return {
        (kind, pk, size, after): walls.page_of(campaigns[pk], size=size, after=after)
        for kind, pk, size, after in facts
        if pk in campaigns
    }
