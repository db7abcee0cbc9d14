"""What would happen if a campaign ended now: nothing is written, nobody is called. Amounts in minor units."""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, QuerySet, Sum

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import clock
from pledges import forecasting, taxes
from pledges.enums import PledgeState
from pledges.models import Pledge, PledgeItem
from pledges.settlement_report import Tally


@dataclass(frozen=True)
class TierLine:
    """A tier (no title: contributions without one), and what would be charged for it, postage included."""

    title: str
    tally: Tally


@dataclass(frozen=True)
class Rehearsal:
    """The outcome, and what its charges would be. `expired` and `without_card` could not be charged as they are."""

    forecast: forecasting.Forecast
    charges: Tally
    tax: int
    expired: Tally
    without_card: Tally
    tiers: list[TierLine]

    @property
    def is_met(self) -> bool:
        return self.forecast.outcome == CampaignState.FUNDED

    @property
    def is_missed(self) -> bool:
        return self.forecast.outcome == CampaignState.MISSED


def rehearse(campaign: Campaign) -> Rehearsal:
    """By what is promised at this moment."""
    promised = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED, payments=None)
    today = clock.now().astimezone(ZoneInfo(campaign.cooperative.time_zone)).date()
    forecast = forecasting.forecast(campaign)
    charged = promised if forecast.outcome == CampaignState.FUNDED else promised.none()
    first_of_month = today.replace(day=1)
    return Rehearsal(
        forecast=forecast,
        charges=_tally(charged),
        tax=_taxes(charged, campaign),
        expired=_tally(promised.exclude(payment_method="").filter(card_expires__lt=first_of_month)),
        without_card=_tally(promised.filter(payment_method="")),
        tiers=_tiers(promised, campaign),
    )


def _tally(pledges: QuerySet[Pledge]) -> Tally:
    sums = pledges.aggregate(count=Count("pk"), amount=Sum("amount"))
    return Tally(sums["count"] or 0, sums["amount"] or 0)


def _taxes(pledges: QuerySet[Pledge], campaign: Campaign) -> int:
    """As payments would be assessed one by one, by the rates of today."""
    today = clock.now().astimezone(ZoneInfo(campaign.cooperative.time_zone)).date()
    levied = taxes.levied_by(campaign.cooperative, today)
    if not levied:
        return 0
    bases = pledges.annotate(base=Sum(F("items__quantity") * F("items__unit_taxable"))).filter(base__gt=0)
    counted: QuerySet[Any] = bases.values("base").order_by("base").values_list("base", "pk")
    return sum(sum(taxes.parts_of(base, levied).values()) for base, _pledge in counted.iterator(2000))


def _tiers(pledges: QuerySet[Pledge], campaign: Campaign) -> list[TierLine]:
    price: Any = F("quantity") * (F("unit_amount") + F("unit_postage"))
    items: QuerySet[Any] = PledgeItem.objects.filter(pledge__in=pledges, quantity__gt=0).values("reward")
    sums = {
        row["reward"]: Tally(row["people"], row["cents"])
        for row in items.annotate(people=Count("pledge", distinct=True), cents=Sum(price))
    }
    lines = [
        TierLine(reward.title, sums[reward.pk])
        for reward in campaign.rewards.order_by("position", "pk")
        if reward.pk in sums
    ]
    free = pledges.aggregate(count=Count("pk", filter=Q(extra__gt=0)), amount=Sum("extra"))
    return [*lines, TierLine("", Tally(free["count"], free["amount"]))] if free["count"] else lines
