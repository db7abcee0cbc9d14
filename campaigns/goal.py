"""The smallest honest goal: what must be left in hand, once rewards, postage and fees are taken off what comes in.

`assess(page)` is all that a caller needs. Integers in minor units throughout; ratios are exact fractions.

How it is reckoned. The budget's lines for rewards, their mailing and fees grow with the goal, so they are not part of
what must be left in hand: they are taken off. Of each of the two (rewards with their mailing; fees) the larger figure
counts: what the tiers and the rates say for this goal, or what the budget sets aside for it. Tiers are assumed to be
chosen in proportion to their limits, one without limit as often as the largest; without limits, equally often.

The goal of a presale is a number of units: each brings in what a tier does on average, chosen as above.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.conf import settings

from campaigns.budgets import Budget, budget_in, cents_of
from campaigns.enums import BudgetKind, GoalUnit
from home.amounts import share_half_up
from home.models import Cooperative
from home.queries import cooperative_of

#: A contribution where there is no tier to go by, in minor units.
TYPICAL = 5_000
#: Goals are asked for in whole dollars.
STEP = 100


@dataclass(frozen=True)
class Fees:
    """What is kept of each payment: commission, then the payment provider. Rates in hundredths of a percent."""

    commission_rate: int = 0
    commission_fixed: int = 0
    processing_rate: int = 0
    processing_fixed: int = 0

    def on(self, amount: int) -> int:
        """Of one payment; each part rounded half up to a cent, together never more than the payment."""
        commission = share_half_up(amount, self.commission_rate) + self.commission_fixed
        processing = share_half_up(amount, self.processing_rate) + self.processing_fixed
        return min(amount, commission + processing)


def fees_of(cooperative: Cooperative) -> Fees:
    return Fees(
        commission_rate=cooperative.commission_basis_points,
        commission_fixed=cooperative.commission_fixed,
        processing_rate=settings.PROCESSING_FEE_BASIS_POINTS,
        processing_fixed=settings.PROCESSING_FEE_FIXED,
    )


@dataclass(frozen=True)
class TierCost:
    """One tier as an editor wrote it: what it brings in, what one costs (making and mailing), how many there are."""

    block_id: str
    title: str
    amount: int
    cost: int
    limit: int | None = None


@dataclass(frozen=True)
class TierNet:
    """A tier that does not bring in more than it costs. `net`: its amount less fees; `block_id`: where it is."""

    block_id: str
    title: str
    amount: int
    cost: int
    net: int


@dataclass(frozen=True)
class Mix:
    """What every dollar that comes in costs, on average over the tiers: in rewards, and in fees.

    `price` is what one reward brings in, on average.
    """

    rewards: Fraction = Fraction(0)
    fees: Fraction = Fraction(0)
    price: Fraction = Fraction(TYPICAL)


@dataclass(frozen=True)
class Assessment:
    """Whether a goal is enough. None: not known yet (no budget, no goal), or no goal is enough (`smallest_goal`).

    `goal` and `smallest_goal` are in `goal_unit`, all else in minor units. `brings` is what the goal brings in;
    `needed`, what must be left in hand for the project itself; `leaves`, what a campaign that just reaches the goal
    leaves; `gap`, how much that is short of what is needed (0: nothing); `unconfirmed`, what of the other sources is
    only hoped for.
    """

    goal: int | None = None
    goal_unit: str = GoalUnit.MONEY
    brings: int | None = None
    budget_total: int | None = None
    other_sources: int | None = None
    unconfirmed: int = 0
    needed: int | None = None
    smallest_goal: int | None = None
    leaves: int | None = None
    gap: int | None = None
    losing: list[TierNet] = field(default_factory=list)
    fees: Fees = field(default_factory=Fees)

    @property
    def has_budget(self) -> bool:
        return self.budget_total is not None

    @property
    def is_enough(self) -> bool:
        """The goal covers the budget; False also while that is not known."""
        return self.gap == 0

    @property
    def asked(self) -> int | None:
        """The lines less the other sources: the goal, in a budget that adds up."""
        return None if self.budget_total is None else self.budget_total - (self.other_sources or 0)

    @property
    def adds_up(self) -> bool:
        """The goal of a presale has no amount to compare."""
        if self.goal_unit == GoalUnit.UNITS or self.asked is None or self.goal is None:
            return True
        return self.asked == self.goal

    @property
    def is_hopeless(self) -> bool:
        """Every contribution costs what it brings in: no goal is enough."""
        return self.has_budget and self.smallest_goal is None

    @property
    def goes(self) -> int | None:
        """What rewards, postage and fees take of the goal."""
        return None if self.brings is None or self.leaves is None else self.brings - self.leaves


def assess(page: Any, cooperative: Cooperative | None = None) -> Assessment:
    """What a campaign page says of its goal, published or not. The cooperative is found where it is not given."""
    return assess_words(page.goal, page.body, fees_of(cooperative or cooperative_of(page)), page.goal_unit)


def assess_words(goal: int | None, body: Iterable[Any], fees: Fees, goal_unit: str = GoalUnit.MONEY) -> Assessment:
    """The same from the parts, as they are stored or as they are being typed."""
    blocks = list(body)
    tiers = list(tiers_in(blocks))
    budget = budget_in(blocks)
    losing = losing_tiers(tiers, fees)
    if budget is None or not budget.total:
        return Assessment(goal=goal, goal_unit=goal_unit, losing=losing, fees=fees)
    mix = mix_of(tiers, fees)
    one = mix.price if goal_unit == GoalUnit.UNITS else Fraction(1)
    left = None if goal is None else leaves(goal * one, budget, mix)
    return Assessment(
        goal=goal,
        goal_unit=goal_unit,
        brings=None if goal is None else (goal * one).__floor__(),
        budget_total=budget.total,
        other_sources=budget.other_sources,
        unconfirmed=budget.unconfirmed,
        needed=needed(budget),
        smallest_goal=smallest_units(budget, mix) if goal_unit == GoalUnit.UNITS else smallest_goal(budget, mix),
        leaves=left,
        gap=None if left is None else max(0, needed(budget) - left),
        losing=losing,
        fees=fees,
    )


def tiers_in(body: Iterable[Any]) -> Iterator[TierCost]:
    """The tiers on offer that have an amount already."""
    for block in body:
        if block.block_type != "reward_tiers":
            continue
        for child in block.value.bound_blocks:
            value, amount = child.value, cents_of(child.value.get("amount"))
            if amount and not value.get("retired"):
                cost = (cents_of(value.get("unit_cost")) or 0) + (cents_of(value.get("postage_cost")) or 0)
                yield TierCost(str(child.id), str(value.get("title") or ""), amount, cost, _count(value.get("limit")))


def _count(value: Any) -> int | None:
    try:
        return max(1, int(value))
    except (TypeError, ValueError):
        return None


def losing_tiers(tiers: Iterable[TierCost], fees: Fees) -> list[TierNet]:
    """Those that do not bring in more than they cost."""
    nets = [
        TierNet(tier.block_id, tier.title, tier.amount, tier.cost, net=tier.amount - fees.on(tier.amount))
        for tier in tiers
    ]
    return [one for one in nets if one.net <= one.cost]


def mix_of(tiers: Iterable[TierCost], fees: Fees) -> Mix:
    """Over the tiers, each as often as is assumed; without any, of a typical contribution."""
    offered = list(tiers) or [TierCost("", "", TYPICAL, 0)]
    largest = max((tier.limit for tier in offered if tier.limit is not None), default=1)
    weights = [largest if tier.limit is None else tier.limit for tier in offered]
    brought = sum(weight * tier.amount for weight, tier in zip(weights, offered, strict=True))
    costs = sum(weight * tier.cost for weight, tier in zip(weights, offered, strict=True))
    kept = sum(weight * fees.on(tier.amount) for weight, tier in zip(weights, offered, strict=True))
    return Mix(Fraction(costs, brought), Fraction(kept, brought), Fraction(brought, sum(weights)))


def needed(budget: Budget) -> int:
    """What must be left in hand: the project itself, less what other sources pay. Never less than nothing."""
    project = sum(line.amount for line in budget.lines if not line.grows)
    return max(0, project - budget.other_sources)


def _set_aside(budget: Budget) -> tuple[int, int]:
    """What the budget itself says for rewards with their mailing, and for fees."""
    return budget.total_of(BudgetKind.REWARDS, BudgetKind.POSTAGE), budget.total_of(BudgetKind.FEES)


def leaves(goal: int | Fraction, budget: Budget, mix: Mix) -> int:
    """What a campaign that just reaches a goal leaves in hand, rounded down; below zero where it costs more.

    All in money: the goal of a presale is what its units bring in.
    """
    rewards, fees = _set_aside(budget)
    return (goal - max(Fraction(rewards), goal * mix.rewards) - max(Fraction(fees), goal * mix.fees)).__floor__()


def smallest_goal(budget: Budget, mix: Mix) -> int | None:
    """The smallest goal in whole dollars that leaves what is needed; None if none does."""
    bound = _bound(budget, mix)
    return None if bound is None else max(1, (bound / STEP).__ceil__()) * STEP


def smallest_units(budget: Budget, mix: Mix) -> int | None:
    """The same for a presale, in units."""
    bound = _bound(budget, mix)
    return None if bound is None else max(1, (bound / mix.price).__ceil__())


def _bound(budget: Budget, mix: Mix) -> Fraction | None:
    """What must come in, exactly, for what is needed to be left; None if no sum is enough.

    `leaves` is the least of four straight lines (each of two costs set aside, or growing with the goal), so the
    smallest goal is the largest of the four that they ask for.
    """
    rewards, fees = _set_aside(budget)
    bounds = []
    for aside, rate in (
        (rewards + fees, Fraction(0)),
        (rewards, mix.fees),
        (fees, mix.rewards),
        (0, mix.rewards + mix.fees),
    ):
        wanted = needed(budget) + aside
        if rate >= 1:
            return None
        bounds.append(Fraction(wanted) / (1 - rate))
    return max(bounds)
