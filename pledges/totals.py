"""How far campaigns are, and when their tiers are promised: derived from the rows each time, never kept.

Amounts in minor units of the campaign's currency, gross of all fees.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from campaigns.models import Campaign, Reward
from pledges import matching, promises
from pledges.enums import PaymentState, PledgeState, RefundState
from pledges.models import Payment, Pledge, PledgeItem, Refund

#: What a row of the sums is about, so that all three come in one query.
PLEDGED, COLLECTED, REFUNDED = "pledged", "collected", "refunded"

Sums = QuerySet[Any, tuple[str, int, int, int]]


@dataclass(frozen=True)
class Progress:
    """`pledged` is what stands confirmed, frozen once the outcome is decided; `collected` is paid less refunded."""

    campaign: Campaign
    pledged: int
    collected: int
    refunded: int
    backers: int

    @property
    def is_decided(self) -> bool:
        return self.campaign.is_over

    @property
    def amount(self) -> int:
        """What is measured against the goal: money in hand for a flexible campaign that runs, else what is pledged."""
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
        return _width(min(self.collected, self._full), self._full)

    @property
    def hatched_width(self) -> str:
        """How much of the bar is money that is not in hand: promised and not debited, or given back."""
        return _width(max(0, self._shown - self.collected), self._full)

    @property
    def goal_position(self) -> str:
        """Where the goal stands on the bar once it is passed."""
        return _width(self.campaign.goal, self._full)

    @property
    def _shown(self) -> int:
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
    this = {"campaign": OuterRef("pk"), "state": PledgeState.CONFIRMED}
    pledged = _sums(Pledge.objects.filter(**this), "", "campaign_id", Count("backer_id", distinct=True))
    paid = Payment.objects.filter(pledge__campaign=OuterRef("pk"), state=PaymentState.PAID)
    refunded = Refund.objects.filter(payment__pledge__campaign=OuterRef("pk"), state=RefundState.DONE)
    return campaigns.annotate(
        sum_pledged=Coalesce(Subquery(pledged.values("total")), 0),
        sum_backers=Coalesce(Subquery(pledged.values("backers")), 0),
        sum_paid=Coalesce(Subquery(_sums(paid, "", "pledge__campaign_id", Value(0)).values("total")), 0),
        sum_refunded=Coalesce(
            Subquery(_sums(refunded, "", "payment__pledge__campaign_id", Value(0)).values("total")), 0
        ),
        matched=matching.listed(),
    )


def progress_of_row(row: Any) -> Progress:
    """The progress of a campaign that was read `with_sums`, as of then."""
    return _progress(row, row.sum_pledged, row.sum_backers, row.sum_paid, row.sum_refunded)


def progress_of_all(campaigns: Iterable[Campaign]) -> dict[int, Progress]:
    """By campaign id, in one query however many there are."""
    wanted = list(campaigns)
    rows = _pledged(wanted).union(_collected(wanted), _refunded(wanted), all=True)
    sums = {(kind, campaign): (total, backers) for kind, campaign, total, backers in rows}
    return {
        campaign.pk: _progress(
            campaign,
            *sums.get((PLEDGED, campaign.pk), (0, 0)),
            sums.get((COLLECTED, campaign.pk), (0, 0))[0],
            sums.get((REFUNDED, campaign.pk), (0, 0))[0],
        )
        for campaign in wanted
    }


def _progress(campaign: Campaign, pledged: int, backers: int, paid: int, refunded: int) -> Progress:
    frozen = campaign.pledged_at_deadline
    return Progress(
        campaign=campaign,
        pledged=pledged if frozen is None else frozen,
        collected=paid - refunded,
        refunded=refunded,
        backers=backers if campaign.backers_at_deadline is None else campaign.backers_at_deadline,
    )


def _pledged(campaigns: list[Campaign]) -> Sums:
    rows = Pledge.objects.filter(campaign__in=campaigns, state=PledgeState.CONFIRMED)
    return _sums(rows, PLEDGED, "campaign_id", Count("backer_id", distinct=True))


def _collected(campaigns: list[Campaign]) -> Sums:
    rows = Payment.objects.filter(pledge__campaign__in=campaigns, state=PaymentState.PAID)
    return _sums(rows, COLLECTED, "pledge__campaign_id", Value(0))


def _refunded(campaigns: list[Campaign]) -> Sums:
    rows = Refund.objects.filter(payment__pledge__campaign__in=campaigns, state=RefundState.DONE)
    return _sums(rows, REFUNDED, "payment__pledge__campaign_id", Value(0))


def _sums(rows: QuerySet[Any], kind: str, campaign: str, backers: Any) -> Sums:
    """(kind, campaign id, total, backers) by campaign; `backers` is an expression."""
    grouped = rows.order_by().values(campaign).annotate(kind=Value(kind), total=Sum("amount"), backers=backers)
    return grouped.values_list("kind", campaign, "total", "backers")


def current_months(rewards: Iterable[Reward]) -> dict[int, date]:
    """By reward id: the month that a new backer of the tier is promised (pledges.promises). One query."""
    wanted = Reward.objects.filter(pk__in=[reward.pk for reward in rewards]).order_by()
    with_month: Any = promises.annotate_tier_month(wanted)
    return dict(with_month.values_list("pk", "month_now"))


def people_by_reward(reward_ids: Collection[int]) -> dict[int, int]:
    """By reward id: how many people are promised it, or hold it while they pay."""
    waiting = PledgeItem.objects.filter(
        reward__in=reward_ids, pledge__state__in=[PledgeState.PENDING, PledgeState.CONFIRMED]
    )
    rows = waiting.values("reward_id").annotate(people=Count("pledge__backer_id", distinct=True))
    return {row["reward_id"]: row["people"] for row in rows}


def has_contributions(campaign: Campaign) -> bool:
    """Whether anyone ever contributed, whatever became of it, or is about to."""
    return Pledge.objects.filter(campaign=campaign).exclude(state=PledgeState.LAPSED).exists()
