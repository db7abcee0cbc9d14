"""What a campaign offers, read once in few statements: for the form, and for the pledge that the form becomes."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from campaigns import queries
from campaigns.enums import Handover
from campaigns.models import Campaign, Reward, RewardPostage, RewardVariant
from home.ready_queries import Ready
from pledges import promises


@dataclass(frozen=True)
class Offer:
    """`rewards` in page order, with stock, variants, postage and month. It holds for the campaign's `terms_version`."""

    campaign: Campaign
    rewards: list[Reward]
    walls: list[bool]

    @property
    def is_public(self) -> bool:
        """Whether a visitor can read what it is about, in one language at least."""
        return bool(self.walls)

    @property
    def has_wall(self) -> bool:
        return any(self.walls)

    @cached_property
    def by_id(self) -> dict[int, Reward]:
        return {reward.pk: reward for reward in self.rewards}

    @cached_property
    def months(self) -> dict[int, date]:
        """By reward id: the month that a new backer of the tier is promised."""
        rewards: list[Any] = self.rewards
        return {reward.pk: reward.month_now for reward in rewards}


def read(campaign: Campaign) -> Offer:
    """Three statements however many tiers there are, and one where some are mailed."""
    rewards: list[Reward] = _TIERS(campaign.pk)
    for reward in rewards:
        reward.campaign = campaign
    _attach(rewards, "variants", _VARIANTS(campaign.pk))
    mailed = any(reward.handover == Handover.POST for reward in rewards)  # postage.prices_of reads no other's
    _attach(rewards, "postage", _POSTAGE(campaign.pk) if mailed else [])
    return Offer(campaign, rewards, queries.walls_of(campaign))


def _tiers(campaign_id: int) -> QuerySet[Any]:
    """In page order, each with its stock, and with the month that a new backer of it is promised."""
    rewards = Reward.objects.filter(campaign_id=campaign_id).select_related("stock").order_by("position", "id")
    return promises.annotate_tier_month(rewards)


def _variants(campaign_id: int) -> QuerySet[RewardVariant]:
    return RewardVariant.objects.filter(reward__campaign_id=campaign_id).order_by("position", "id")


def _postage(campaign_id: int) -> QuerySet[RewardPostage]:
    return RewardPostage.objects.filter(reward__campaign_id=campaign_id).order_by("id")


def _attach(rewards: list[Reward], name: str, rows: list[Any]) -> None:
    """As prefetched. Plain lists: they are read whole, and refuse to be filtered, which would ask again."""
    of_reward: dict[int, list[Any]] = {reward.pk: [] for reward in rewards}
    for row in rows:
        of_reward[row.reward_id].append(row)
    for reward in rewards:
        reward.__dict__.setdefault("_prefetched_objects_cache", {})[name] = of_reward[reward.pk]


_TIERS, _VARIANTS, _POSTAGE = (Ready(build, prepared=True) for build in (_tiers, _variants, _postage))
