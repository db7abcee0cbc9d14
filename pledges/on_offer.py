"""What a campaign offers, read once in few statements: for the form, and for the pledge that the form becomes."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from campaigns import queries
from campaigns.models import Campaign, Reward
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
    """Four statements, however many tiers there are."""
    rewards = promises.annotate_tier_month(queries.rewards_of(campaign)).prefetch_related("variants", "postage")
    return Offer(campaign, list(rewards), queries.walls_of(campaign))
