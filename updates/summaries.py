"""« Bilan »: what a campaign that is over has come to: money, rewards and dates. Derived each time, never written.

Nothing in it is about one person. What it says of the rewards is reckoned by the first month promised.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext

from campaigns import budgets, queries
from campaigns.enums import OUTCOMES, BudgetKind
from campaigns.models import Campaign, CampaignPage
from home import formats
from pledges import promises
from pledges.campaign_money import Account, account_of
from pledges.delivery_figures import annotate_deliveries, annotate_kept_word
from pledges.totals import Progress, progress_of
from updates.promise_board import Board, board_of


@dataclass(frozen=True)
class Kept:
    """Of some rewards, how the first promise was kept; `overdue` are to come still, and their first month is over."""

    total: int
    on_time: int
    later: int
    overdue: int
    excused: int

    @property
    def due(self) -> int:
        """Those that left, or whose first month is over: what a share is reckoned of."""
        return self.on_time + self.later + self.overdue

    @property
    def to_come(self) -> int:
        return self.total - self.due - self.excused

    @property
    def words(self) -> list[str]:
        """Only what there is something to say of; what was on time as soon as anything was due."""
        counts = [self.on_time, self.later, self.overdue, self.to_come, self.excused]
        phrases = [
            ngettext("%(n)s of %(total)s on time", "%(n)s of %(total)s on time", self.on_time),
            ngettext("%(n)s later than first promised", "%(n)s later than first promised", self.later),
            ngettext(
                "%(n)s not delivered yet, though its first month is over",
                "%(n)s not delivered yet, though their first month is over",
                self.overdue,
            ),
            ngettext("%(n)s still to come, within its month", "%(n)s still to come, within their month", self.to_come),
            ngettext("%(n)s with nothing left to deliver", "%(n)s with nothing left to deliver", self.excused),
        ]
        said = [count > 0 for count in counts]
        said[0] = self.due > 0
        total = formats.number(self.total)
        return [
            words % {"n": formats.number(n), "total": total}
            for words, n, is_said in zip(phrases, counts, said, strict=True)
            if is_said
        ]


@dataclass(frozen=True)
class TierEnd:
    """One tier: what was promised for when, and when it really left."""

    reward: Any
    kept: Kept

    @property
    def has_moved(self) -> bool:
        return self.reward.month_now != self.reward.estimated_delivery

    @property
    def left_words(self) -> str:
        """In which months its rewards left; empty where none has."""
        if self.reward.first_left is None:
            return ""
        zone = ZoneInfo(self.reward.campaign.cooperative.time_zone)
        days: list[date] = [at.astimezone(zone).date() for at in (self.reward.first_left, self.reward.last_left)]
        first, last = map(formats.month, days)
        if first == last:
            return gettext("Delivered in %(month)s") % {"month": first}
        return gettext("Delivered from %(first)s to %(last)s") % {"first": first, "last": last}


@dataclass(frozen=True)
class Summary:
    """`planned_costs`: what the page's budget set aside for commission and fees; None where it says nothing of it."""

    campaign: Campaign
    progress: Progress
    account: Account
    tiers: list[TierEnd]
    board: Board
    planned_costs: int | None = None
    whole: Kept = field(default_factory=lambda: Kept(0, 0, 0, 0, 0))

    @property
    def is_moving(self) -> bool:
        """Payments, refunds or rewards are not finished: figures are as of today."""
        return self.campaign.completed_at is None

    @property
    def is_settling(self) -> bool:
        return self.campaign.state in OUTCOMES and not self.campaign.is_missed

    @property
    def uncollected(self) -> int:
        """What was pledged at the deadline and never paid. A missed goal asks nobody to pay."""
        if self.campaign.is_missed:
            return 0
        return max(0, self.progress.pledged - self.progress.collected - self.progress.refunded)

    @property
    def late(self) -> int:
        """What was paid for contributions made after the end, less what went back of it."""
        return self.account.paid - self.account.refunded - self.progress.collected

    @property
    def whole_words(self) -> str:
        """Of the campaign's rewards that were due by now."""
        if not self.whole.due:
            return gettext("No reward is due yet.")
        values = {
            "percent": formats.percent(self.whole.on_time, self.whole.due),
            "n": formats.number(self.whole.on_time),
            "total": formats.number(self.whole.due),
        }
        words = gettext("%(percent)s of rewards were delivered by the first month announced (%(n)s of %(total)s)")
        return words % values


def summary_of(campaign: Campaign, page: CampaignPage) -> Summary:
    """`campaign` with its cooperative. As many queries for one tier as for many."""
    rewards = annotate_deliveries(promises.annotate_tier_month(queries.rewards_of(campaign)), campaign.cooperative)
    rows = list(annotate_kept_word(rewards, campaign.cooperative))
    for row in rows:
        row.campaign = campaign
    tiers = [TierEnd(row, _kept(row)) for row in rows if row.promised]
    return Summary(
        campaign=campaign,
        progress=progress_of(campaign),
        account=account_of(campaign),
        tiers=tiers,
        board=board_of(campaign, rows),
        planned_costs=_planned_costs(page),
        whole=_together(tier.kept for tier in tiers),
    )


def _kept(row: Any) -> Kept:
    return Kept(row.promised, row.on_time, row.later, row.overdue, row.excused)


def _together(parts: Iterable[Kept]) -> Kept:
    found = list(parts)
    return Kept(
        *(sum(getattr(one, name) for one in found) for name in ("total", "on_time", "later", "overdue", "excused"))
    )


def _planned_costs(page: CampaignPage) -> int | None:
    lines = [
        line
        for block in page.body
        if block.block_type == "budget"
        for line in budgets.budget_of(block.value).lines
        if line.kind == BudgetKind.FEES
    ]
    return sum(line.amount for line in lines) if lines else None
