"""Stretch goals: each is higher than the goal, and than the one before it. The goal stays the one that counts."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from campaigns import block_errors, measures
from campaigns.budgets import cents_of, served_currency
from campaigns.enums import GoalUnit


@dataclass(frozen=True)
class NextGoal:
    """`amount` in what the goal counts (minor units, or rewards), in all."""

    amount: int
    adds: str


def next_goals_of(value: Any, goal_unit: str = GoalUnit.MONEY) -> list[NextGoal]:
    """What a block says, without the lines that have no amount yet."""
    return [
        NextGoal(_counted(cents, goal_unit), str(one.get("adds") or ""))
        for one in value
        if (cents := cents_of(one.get("amount"))) is not None
    ]


def _counted(cents: int, goal_unit: str) -> int:
    """The one field of a stretch goal holds what is typed as an amount: « 300 » is 300 units of a presale."""
    return cents // 100 if goal_unit == GoalUnit.UNITS else cents


def check(form: Any, body: Any) -> None:
    """Refuse, when the page is to be public, stretch goals that do not rise from the goal on; at their amounts."""
    goal, unit = form.cleaned_data.get("goal"), form.cleaned_data.get("goal_unit") or GoalUnit.MONEY
    if form.is_deferred_validation or goal is None:
        return
    for index, block in enumerate(body):
        if block.block_type == "next_goals" and (errors := _not_rising(block.value, goal, unit)):
            block_errors.add(form, {index: ListBlockValidationError(block_errors=errors)})


def _not_rising(goals: Any, goal: int, unit: str) -> dict[int, Exception]:
    errors: dict[int, Exception] = {}
    before = goal
    for index, one in enumerate(goals):
        amount = _counted(one["amount"], unit)
        if unit == GoalUnit.UNITS and one["amount"] % 100:
            error = ValidationError(_("Enter a whole number of units, for example 120."))
            errors[index] = StructBlockValidationError(block_errors={"amount": error})
        elif amount <= before:
            message = _("Choose more than the goal: %(before)s.")
            if before != goal:
                message = _("Choose more than the stretch goal before it: %(before)s.")
            error = ValidationError(message % {"before": measures.in_words(before, unit, served_currency())})
            errors[index] = StructBlockValidationError(block_errors={"amount": error})
        before = max(before, amount)
    return errors
