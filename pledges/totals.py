"""How far campaigns are, and when their tiers are promised: derived from the rows each time, never kept.

Amounts in minor units of the campaign's currency, gross of all fees. A presale also counts units: the rewards of its
confirmed pledges, add-ons left out. A pledge made after the end counts in none of them.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Case, Count, OuterRef, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from campaigns.enums import GoalUnit, RewardKind
from campaigns.models import Campaign, Reward
from pledges import matching, promises
from pledges.enums import DisputeState, PaymentState, PledgeState
from pledges.gone_back import gone_back
from pledges.models import Dispute, Payment, Pledge, PledgeItem, Refund
from pledges.models.payments import GIVEN_BACK

#: What a row of the sums is about, so that all come in one query.
PLEDGED, COLLECTED, REFUNDED, LOST, UNITS = "pledged", "collected", "refunded", "lost", "units"

Sums = QuerySet[Any, tuple[str, int, int, int]]


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
    this = {"campaign": OuterRef("pk"), "state": PledgeState.CONFIRMED, "is_late": False}
    pledged = _sums(Pledge.objects.filter(**this), "", "campaign_id", Count("backer_id", distinct=True))
    paid = _timely_payments(pledge__campaign=OuterRef("pk"))
    refunded = _timely_refunds(payment__pledge__campaign=OuterRef("pk"))
    lost = _timely_losses(payment__pledge__campaign=OuterRef("pk"))
    units = _sums(_units(pledge__campaign=OuterRef("pk")), "", "pledge__campaign_id", Value(0), "quantity")
    return campaigns.annotate(
        sum_pledged=Coalesce(Subquery(pledged.values("total")), 0),
        sum_backers=Coalesce(Subquery(pledged.values("backers")), 0),
        sum_paid=Coalesce(Subquery(_sums(paid, "", "pledge__campaign_id", Value(0)).values("total")), 0),
        sum_refunded=Coalesce(
            Subquery(_sums(refunded, "", "payment__pledge__campaign_id", Value(0)).values("total")), 0
        ),
        sum_lost=Coalesce(Subquery(_sums(lost, "", "payment__pledge__campaign_id", Value(0)).values("total")), 0),
        sum_units=Case(
            When(goal_unit=GoalUnit.UNITS, then=Coalesce(Subquery(units.values("total")), 0)), default=Value(0)
        ),
        matched=matching.listed(),
    )


def progress_of_row(row: Any) -> Progress:
    """The progress of a campaign that was read `with_sums`, as of then."""
    back = row.sum_refunded + row.sum_lost
    return _progress(row, row.sum_pledged, row.sum_backers, row.sum_paid, back, row.sum_units)


def progress_of_all(campaigns: Iterable[Campaign]) -> dict[int, Progress]:
    """By campaign id, in one query however many there are."""
    wanted = list(campaigns)
    rows = _pledged(wanted).union(_collected(wanted), _refunded(wanted), _lost(wanted), _reserved(wanted), all=True)
    sums = {(kind, campaign): (total, backers) for kind, campaign, total, backers in rows}
    return {
        campaign.pk: _progress(
            campaign,
            *sums.get((PLEDGED, campaign.pk), (0, 0)),
            sums.get((COLLECTED, campaign.pk), (0, 0))[0],
            sums.get((REFUNDED, campaign.pk), (0, 0))[0] + sums.get((LOST, campaign.pk), (0, 0))[0],
            sums.get((UNITS, campaign.pk), (0, 0))[0],
        )
        for campaign in wanted
    }


def units_of(campaign: Campaign) -> int:
    """The rewards of its confirmed pledges, whatever its goal counts. Add-ons are none."""
    return _units(pledge__campaign=campaign).aggregate(units=Sum("quantity"))["units"] or 0


def _progress(campaign: Campaign, pledged: int, backers: int, paid: int, refunded: int, units: int) -> Progress:
    frozen = campaign.pledged_at_deadline
    return Progress(
        campaign=campaign,
        pledged=pledged if frozen is None else frozen,
        collected=paid - refunded,
        refunded=refunded,
        backers=backers if campaign.backers_at_deadline is None else campaign.backers_at_deadline,
        units=units if campaign.units_at_deadline is None else campaign.units_at_deadline,
    )


def _pledged(campaigns: list[Campaign]) -> Sums:
    rows = Pledge.objects.filter(campaign__in=campaigns, state=PledgeState.CONFIRMED, is_late=False)
    return _sums(rows, PLEDGED, "campaign_id", Count("backer_id", distinct=True))


def _collected(campaigns: list[Campaign]) -> Sums:
    rows = _timely_payments(pledge__campaign__in=campaigns)
    return _sums(rows, COLLECTED, "pledge__campaign_id", Value(0))


def _refunded(campaigns: list[Campaign]) -> Sums:
    rows = _timely_refunds(payment__pledge__campaign__in=campaigns)
    return _sums(rows, REFUNDED, "payment__pledge__campaign_id", Value(0))


def _lost(campaigns: list[Campaign]) -> Sums:
    rows = _timely_losses(payment__pledge__campaign__in=campaigns)
    return _sums(rows, LOST, "payment__pledge__campaign_id", Value(0))


def _reserved(campaigns: list[Campaign]) -> Sums:
    presales = [campaign for campaign in campaigns if campaign.counts_units]
    return _sums(_units(pledge__campaign__in=presales), UNITS, "pledge__campaign_id", Value(0), "quantity")


def _timely_payments(**of: Any) -> QuerySet[Payment]:
    return Payment.objects.filter(state=PaymentState.PAID, pledge__is_late=False, **of)


def _timely_refunds(**of: Any) -> QuerySet[Refund]:
    return Refund.objects.filter(GIVEN_BACK, payment__pledge__is_late=False, **of)


def _timely_losses(**of: Any) -> QuerySet[Dispute]:
    return Dispute.objects.filter(state=DisputeState.LOST, payment__pledge__is_late=False, **of)


def _units(**of: Any) -> QuerySet[PledgeItem]:
    counted = {"pledge__state": PledgeState.CONFIRMED, "pledge__is_late": False, "reward__kind": RewardKind.REWARD}
    return PledgeItem.objects.filter(**counted, **of)


def _sums(rows: QuerySet[Any], kind: str, campaign: str, backers: Any, summed: str = "amount") -> Sums:
    """(kind, campaign id, total, backers) by campaign; `backers` is an expression."""
    grouped = rows.order_by().values(campaign).annotate(kind=Value(kind), total=Sum(summed), backers=backers)
    return grouped.values_list("kind", campaign, "total", "backers")


def current_months(rewards: Iterable[Reward]) -> dict[int, date]:
    """By reward id: the month that a new backer of the tier is promised (pledges.promises). One query."""
    wanted = Reward.objects.filter(pk__in=[reward.pk for reward in rewards]).order_by()
    with_month: Any = promises.annotate_tier_month(wanted)
    return dict(with_month.values_list("pk", "month_now"))


def people_by_reward(reward_ids: Collection[int]) -> dict[int, int]:
    """By reward id: how many people are promised it, or hold it while they pay; not those who got all of it back."""
    waiting = PledgeItem.objects.filter(
        reward__in=reward_ids, quantity__gt=0, pledge__state__in=[PledgeState.PENDING, PledgeState.CONFIRMED]
    )
    waiting = waiting.exclude(pledge__in=gone_back())
    rows = waiting.values("reward_id").annotate(people=Count("pledge__backer_id", distinct=True))
    return {row["reward_id"]: row["people"] for row in rows}


def has_contributions(campaign: Campaign) -> bool:
    """Whether anyone ever contributed, whatever became of it, or is about to."""
    return Pledge.objects.filter(campaign=campaign).exclude(state=PledgeState.LAPSED).exists()
