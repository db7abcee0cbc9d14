"""How far campaigns are, and when their tiers are promised: read from tallies, which nobody but triggers writes.

Amounts in minor units of the campaign's currency, gross of all fees. A presale also counts units: the rewards of its
confirmed pledges, add-ons left out. A pledge made after the end counts in none of them.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet, Sum

from campaigns.enums import RewardKind
from campaigns.models import Campaign, Reward
from pledges import matching, promises
from pledges.enums import PledgeState
from pledges.models import Pledge, PledgeItem
from pledges.tallies import reading
from pledges.tallies.kinds import Kind


@dataclass(frozen=True)
class Progress:
    """`pledged` is what stands confirmed, frozen once the outcome is decided; `collected` is paid less `refunded`.

    A dispute that was lost went back too. `units` are counted where the goal counts them (0 elsewhere), frozen with
    `pledged`.
    """

    campaign: Campaign
    pledged: int
    collected: int
    refunded: int
    backers: int
    units: int = 0

    @property
    def is_decided(self) -> bool:
        return self.campaign.is_over

    @property
    def amount(self) -> int:
        """What is measured against the goal, as the goal counts.

        Units; or money in hand for a flexible campaign that runs, else what is pledged.
        """
        if self.campaign.counts_units:
            return self.units
        running_flexible = not self.campaign.is_all_or_nothing and not self.is_decided
        return self.collected if running_flexible else self.pledged

    @property
    def percent(self) -> int:
        """Rounded down, so that 100 means reached."""
        return self.amount * 100 // self.campaign.goal

    @property
    def is_reached(self) -> bool:
        return self.amount >= self.campaign.goal

    @property
    def is_beyond(self) -> bool:
        return self.amount > self.campaign.goal

    @property
    def solid_width(self) -> str:
        """How much of the bar is money in hand, as SVG writes a length."""
        return _width(min(self._in_hand, self._full), self._full)

    @property
    def hatched_width(self) -> str:
        """How much of the bar is money that is not in hand: promised and not debited, or given back."""
        return _width(max(0, self._shown - self._in_hand), self._full)

    @property
    def goal_position(self) -> str:
        """Where the goal stands on the bar once it is passed."""
        return _width(self.campaign.goal, self._full)

    @property
    def _in_hand(self) -> int:
        """Of units: as many as are paid for, in proportion to the money."""
        if not self.campaign.counts_units:
            return self.collected
        return self.units * min(self.collected, self.pledged) // self.pledged if self.pledged else 0

    @property
    def _shown(self) -> int:
        if self.campaign.counts_units:
            return self.units
        return self.amount + (0 if self.campaign.is_all_or_nothing or self.is_decided else self.refunded)

    @property
    def _full(self) -> int:
        return max(self.campaign.goal, self._shown)


def _width(part: int, whole: int) -> str:
    return f"{part * 10_000 // whole / 100:.2f}%"


def progress_of(campaign: Campaign) -> Progress:
    return progress_of_all([campaign])[campaign.pk]


def with_sums(campaigns: QuerySet[Campaign]) -> QuerySet[Any]:
    """Adds what `progress_of_row` reads, so that a campaign and how far it is come in one query."""
    return campaigns.annotate(tallied=reading.as_column(), matched=matching.listed())


def progress_of_row(row: Any) -> Progress:
    """The progress of a campaign that was read `with_sums`, as of then."""
    return _progress(row, row.tallied or {})


def progress_of_all(campaigns: Iterable[Campaign]) -> dict[int, Progress]:
    """By campaign id, in one query however many there are."""
    wanted = list(campaigns)
    sums = reading.sums_of(campaign.pk for campaign in wanted)
    return {campaign.pk: _progress(campaign, sums.get(campaign.pk, {})) for campaign in wanted}


def units_of(campaign: Campaign) -> int:
    """The rewards of its confirmed pledges, whatever its goal counts, from the rows. Add-ons are none."""
    counted = {"pledge__state": PledgeState.CONFIRMED, "pledge__is_late": False, "reward__kind": RewardKind.REWARD}
    items = PledgeItem.objects.filter(pledge__campaign=campaign, **counted)
    return items.aggregate(units=Sum("quantity"))["units"] or 0


def _progress(campaign: Campaign, sums: Mapping[str, int]) -> Progress:
    frozen = campaign.pledged_at_deadline
    backers, units = sums.get(Kind.PEOPLE, 0), sums.get(Kind.UNITS, 0) if campaign.counts_units else 0
    refunded = sums.get(Kind.REFUNDED, 0) + sums.get(Kind.LOST, 0)
    return Progress(
        campaign=campaign,
        pledged=sums.get(Kind.PLEDGED, 0) if frozen is None else frozen,
        collected=sums.get(Kind.COLLECTED, 0) - refunded,
        refunded=refunded,
        backers=backers if campaign.backers_at_deadline is None else campaign.backers_at_deadline,
        units=units if campaign.units_at_deadline is None else campaign.units_at_deadline,
    )


def current_months(rewards: Iterable[Reward]) -> dict[int, date]:
    """By reward id: the month that a new backer of the tier is promised (pledges.promises). One query."""
    wanted = Reward.objects.filter(pk__in=[reward.pk for reward in rewards]).order_by()
    with_month: Any = promises.annotate_tier_month(wanted)
    return dict(with_month.values_list("pk", "month_now"))


def people_by_reward(reward_ids: Collection[int]) -> dict[int, int]:
    """By reward id: how many people are promised it, or hold it while they pay; not those who got all of it back."""
    return reading.promised_people(reward_ids)


def has_contributions(campaign: Campaign) -> bool:
    """Whether anyone ever contributed, whatever became of it, or is about to."""
    return Pledge.objects.filter(campaign=campaign).exclude(state=PledgeState.LAPSED).exists()
