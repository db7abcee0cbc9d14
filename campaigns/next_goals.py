"""Stretch goals: each is higher than the goal, and than the one before it. The goal stays the one that counts."""

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from campaigns import block_errors
from campaigns.budgets import cents_of, in_money


@dataclass(frozen=True)
class NextGoal:
    """`amount` in minor units, in all."""

    amount: int
    adds: str


def next_goals_of(value: Any) -> list[NextGoal]:
    """What a block says, without the lines that have no amount yet."""
    return [
        NextGoal(amount, str(one.get("adds") or ""))
        for one in value
        if (amount := cents_of(one.get("amount"))) is not None
    ]


def check(form: Any, body: Any) -> None:
    """Refuse, when the page is to be public, stretch goals that do not rise from the goal on; at their amounts."""
    goal = form.cleaned_data.get("goal")
    if form.is_deferred_validation or goal is None:
        return
    for index, block in enumerate(body):
        if block.block_type == "next_goals" and (errors := _not_rising(block.value, goal)):
            block_errors.add(form, {index: ListBlockValidationError(block_errors=errors)})


def _not_rising(goals: Any, goal: int) -> dict[int, Exception]:
    errors: dict[int, Exception] = {}
    before = goal
    for index, one in enumerate(goals):
        if one["amount"] <= before:
            message = _("Choose more than the goal: %(before)s.")
            if before != goal:
                message = _("Choose more than the stretch goal before it: %(before)s.")
            error = ValidationError(message % {"before": in_money(before)})
            errors[index] = StructBlockValidationError(block_errors={"amount": error})
        before = max(before, one["amount"])
    return errors
