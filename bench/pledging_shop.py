"""What bench/pledging.py pledges to: a cooperative that takes payments, and its campaigns."""

from __future__ import annotations

from dataclasses import dataclass

from campaigns.enums import FundingModel
from campaigns.models import Campaign, Reward, RewardStock
from home.models import Cooperative
from home.tenancy import within
from pledges.models import PledgeItem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_cooperative


@dataclass(frozen=True)
class Offered:
    """One tier of a campaign, as a browser finds it."""

    campaign: int
    reward: int
    amount: int

    @property
    def form_path(self) -> str:
        return f"/fr/contribuer/{self.campaign}/"

    @property
    def review_path(self) -> str:
        return f"/fr/contribuer/{self.campaign}/verification/"


class Shop:
    def __init__(self, host: str) -> None:
        self.cooperative: Cooperative = make_cooperative(host.partition(".")[0])

    def offer(self, title: str, limit: int | None = None) -> Offered:
        """The first tier of a campaign of its own with three of them, sold `limit` times at most."""
        tiers = [tier("Le sac", 3000, limit=limit, handover="pickup"), tier("La boîte", 6500), tier("La fête", 12_000)]
        made: Campaign = make_campaign(
            self.cooperative, title=title, tiers=tiers, funding_model=FundingModel.FLEXIBLE, bilingual=False
        )
        with within(self.cooperative):
            reward: Reward = made.rewards.order_by("position")[0]
            return Offered(made.pk, reward.pk, reward.amount)

    def sold(self, offer: Offered) -> tuple[int, int]:
        """How many of a limited tier are gone by its stock, and by the contributions that hold it."""
        with within(self.cooperative):
            row = RewardStock.objects.get(pk=offer.reward)
            return row.held + row.promised, PledgeItem.objects.filter(reward=offer.reward).count()
