"""The figures of contributions that public pages show, noted while a page is made and read again while it is kept.

Each kind is noted and read by the same function, so that what is compared is the same (home.page_cache.pulse).
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.functions import Cast, Concat

from campaigns import queries
from campaigns.models import Campaign, RewardPostage
from home.joined import Joined
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

    One query. The page that is being made shows them.
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
    for reward in rewards:
        reward.campaign, reward.known_postage = campaign, _postage_of(reward)
    return rewards


def _postage_of(reward: Any) -> list[RewardPostage]:
    """In the order they were written in."""
    rows = [row.split(":") for row in (reward.postage_told or "").split(",") if row]
    known = [RewardPostage(pk=int(pk), reward=reward, zone=zone, price=int(price)) for pk, zone, price in rows]
    return sorted(known, key=lambda row: row.pk)


def _build_offers(campaign_id: int, cooperative_id: int, zone: str, month: date) -> QuerySet[Any]:
    campaign = Campaign(pk=campaign_id, cooperative=Cooperative(pk=cooperative_id, time_zone=zone))
    rewards = promises.annotate_tier_month(queries.rewards_of(campaign))
    rewards = rewards.annotate(postage_told=Subquery(_postage_told()))
    return annotate_deliveries(rewards, campaign.cooperative)


def _postage_told() -> QuerySet[RewardPostage, Any]:
    """Of a tier: what each of its rows of postage says."""
    number, zone, price = (Cast(name, TextField()) for name in ("id", "zone", "price"))
    colon = Value(":", TextField())
    rows = RewardPostage.objects.filter(reward=OuterRef("pk")).order_by().values("reward")
    return rows.annotate(told=Joined(Concat(number, colon, zone, colon, price))).values("told")


_OFFERS = Ready(_build_offers, prepared=True)


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
