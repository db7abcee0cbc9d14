"""The budget and the stretch goals as a page shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django import template

from campaigns import budgets, measures, next_goals
from campaigns.budgets import Source
from campaigns.enums import GoalUnit
from campaigns.models import Campaign, CampaignPage
from home import formats

register = template.Library()

#: How many colours the strip has before it begins again.
COLOURS = 6


@dataclass(frozen=True)
class Strip:
    """A line of the budget with its part of the strip: `x` and `width` as SVG writes lengths, `share` in words."""

    need: str
    amount: int
    share: str
    x: str
    width: str
    colour: int


@dataclass(frozen=True)
class ShownBudget:
    """`asked` is what the campaign pays; `whole` is « 100 % ». `in_units`: its goal is no amount."""

    lines: list[Strip]
    sources: list[Source]
    total: int
    asked: int
    unconfirmed: int
    whole: str
    currency: str
    in_units: bool = False

    @property
    def in_words(self) -> str:
        """What the strip shows, for those who do not see it."""
        return ", ".join(f"{line.need} {line.share}" for line in self.lines)


@dataclass(frozen=True)
class Step:
    """A goal in words and what it brings; the first has no `adds`."""

    words: str
    adds: str
    is_first: bool
    is_reached: bool


@register.simple_tag(takes_context=True)
def budget_of(context: dict[str, Any], value: Any) -> ShownBudget:
    budget = budgets.budget_of(value)
    return ShownBudget(
        lines=list(_strips(budget)),
        sources=budget.sources,
        total=budget.total,
        asked=budget.asked,
        unconfirmed=budget.unconfirmed,
        whole=formats.rate(10_000),
        currency=currency_of(context),
        in_units=_unit_of(context.get("page")) == GoalUnit.UNITS,
    )


def _strips(budget: budgets.Budget) -> Iterable[Strip]:
    shares = budgets.shares([line.amount for line in budget.lines])
    before = 0
    for index, (line, share) in enumerate(zip(budget.lines, shares, strict=True)):
        x, end = (before * 10_000 // (budget.total or 1), (before + line.amount) * 10_000 // (budget.total or 1))
        before += line.amount
        yield Strip(
            need=line.need,
            amount=line.amount,
            share=formats.rate(share, decimals=1),
            x=f"{x / 100:.2f}%",
            width=f"{(end - x) / 100:.2f}%",
            colour=index % COLOURS + 1,
        )


@register.simple_tag(takes_context=True)
def goal_steps(context: dict[str, Any], value: Any) -> list[Step]:
    """The first goal, which stays visible, then those beyond it; reached or not as the page's `progress` says."""
    page, progress = context.get("page"), context.get("progress")
    reached = progress.amount if progress else 0
    first, unit, currency = _goal_of(page), _unit_of(page), currency_of(context)

    def step(amount: int, adds: str = "", *, is_first: bool = False) -> Step:
        return Step(measures.in_words(amount, unit, currency), adds, is_first, reached >= amount)

    steps = [] if first is None else [step(first, is_first=True)]
    return steps + [step(one.amount, one.adds) for one in next_goals.next_goals_of(value, unit)]


@register.simple_tag(takes_context=True)
def next_goal(context: dict[str, Any]) -> next_goals.NextGoal | None:
    """What comes next, once the first goal is reached: the first stretch goal of the page that is not."""
    page, progress = context.get("page"), context.get("progress")
    if not isinstance(page, CampaignPage) or progress is None or not progress.is_reached:
        return None
    wanted = (
        one
        for block in page.body
        if block.block_type == "next_goals"
        for one in next_goals.next_goals_of(block.value, _unit_of(page))
    )
    return next((one for one in wanted if one.amount > progress.amount), None)


def _goal_of(page: Any) -> int | None:
    """Of the terms, which are what counts; of a page that has none yet, its own."""
    if not isinstance(page, CampaignPage):
        return None
    return page.campaign.goal if page.campaign else page.goal


def _unit_of(page: Any) -> str:
    """What that goal counts."""
    if not isinstance(page, CampaignPage):
        return GoalUnit.MONEY
    return page.campaign.goal_unit if page.campaign else page.goal_unit


@register.simple_tag(takes_context=True)
def currency_of(context: dict[str, Any]) -> str:
    """Of the page's campaign, else of the cooperative that is served."""
    campaign = context.get("campaign")
    if isinstance(campaign, Campaign):
        return campaign.currency
    cooperative = context.get("cooperative")
    return cooperative.currency if cooperative else "CAD"


@register.simple_tag
def kept_of_each(basis_points: int, fixed: int, currency: str) -> str:
    """« 2,9 % + 0,30 $ », or the rate alone."""
    rate = formats.rate(basis_points)
    return f"{rate} + {formats.money(fixed, currency, exact=True)}" if fixed else rate


@register.filter
def money_or_less(cents: int, currency: str) -> str:
    """An amount that may be below zero."""
    return f"−{formats.money(-cents, currency)}" if cents < 0 else formats.money(cents, currency)
