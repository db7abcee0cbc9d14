"""What a budget says, and whether it adds up: its lines are paid by the goal and the other sources, to the cent.

Amounts in minor units. Reading tolerates a page that is being written: what is not a number yet counts for nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from campaigns import block_errors
from campaigns.enums import GROWING, GoalUnit
from home import formats
from home.amounts import read_cents
from home.tenancy import current_cooperative


@dataclass(frozen=True)
class Line:
    """`kind` is one of BudgetKind, or empty."""

    need: str
    amount: int
    kind: str

    @property
    def grows(self) -> bool:
        """Whether it pays for rewards, their mailing or fees."""
        return self.kind in GROWING


@dataclass(frozen=True)
class Source:
    name: str
    amount: int
    confirmed: bool


@dataclass(frozen=True)
class Budget:
    lines: list[Line]
    sources: list[Source]

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def other_sources(self) -> int:
        return sum(source.amount for source in self.sources)

    @property
    def unconfirmed(self) -> int:
        """What of the other sources is only hoped for."""
        return sum(source.amount for source in self.sources if not source.confirmed)

    @property
    def asked(self) -> int:
        """What is left for the campaign to pay; its goal, in a budget that adds up."""
        return self.total - self.other_sources

    def total_of(self, *kinds: str) -> int:
        return sum(line.amount for line in self.lines if line.kind in kinds)


def cents_of(value: Any) -> int | None:
    """An amount as a block holds it, or as it is being typed; None where there is none (yet)."""
    if isinstance(value, int):
        return value
    try:
        return read_cents(value) if value else None
    except ValueError:
        return None


def budget_of(value: Any) -> Budget:
    """What the value of a budget block says."""
    return Budget(
        lines=[
            Line(str(line.get("need") or ""), cents_of(line.get("amount")) or 0, str(line.get("kind") or ""))
            for line in value["lines"]
        ],
        sources=[
            Source(str(one.get("name") or ""), cents_of(one.get("amount")) or 0, bool(one.get("confirmed")))
            for one in value["sources"]
        ],
    )


def budget_in(body: Iterable[Any]) -> Budget | None:
    """The budget of a page's body, if it has one."""
    return next((budget_of(block.value) for block in body if block.block_type == "budget"), None)


def shares(amounts: Sequence[int]) -> list[int]:
    """Each amount's part of their sum in ten-thousandths, in steps of ten (one decimal of a percent).

    Rounded so that together they are exactly 100 %: the largest remainders are rounded up.
    """
    total = sum(amounts)
    if total <= 0:
        return [0 for _amount in amounts]
    parts = [divmod(amount * 1_000, total) for amount in amounts]
    left = 1_000 - sum(whole for whole, _rest in parts)
    first = sorted(range(len(parts)), key=lambda index: (-parts[index][1], index))[:left]
    return [(whole + (index in first)) * 10 for index, (whole, _rest) in enumerate(parts)]


def check(form: Any, body: Any) -> None:
    """Refuse, when the page is to be public, a budget that the goal and the other sources do not pay to the cent.

    A draft may be saved while it is being worked out. The error stands at the lines. What a presale's goal brings in
    depends on what is chosen: nothing is refused there (campaigns.goal says whether it is enough).
    """
    goal = form.cleaned_data.get("goal")
    if form.is_deferred_validation or goal is None or form.cleaned_data.get("goal_unit") == GoalUnit.UNITS:
        return
    for index, block in enumerate(body):
        if block.block_type == "budget" and (message := _difference(budget_of(block.value), goal)):
            error = ListBlockValidationError(non_block_errors=[ValidationError(message)])
            block_errors.add(form, {index: StructBlockValidationError(block_errors={"lines": error})})


def _difference(budget: Budget, goal: int) -> str:
    """What is missing or too much, as a sentence; empty where it adds up."""
    paid = goal + budget.other_sources
    values = {
        "total": in_money(budget.total),
        "paid": in_money(paid),
        "difference": in_money(abs(budget.total - paid)),
    }
    if budget.total > paid:
        message = _(
            "The lines come to %(total)s, the goal and the other sources to %(paid)s: %(difference)s is missing. "
            "Raise the goal, add a source or lower a line."
        )
    elif budget.total < paid:
        message = _(
            "The lines come to %(total)s, the goal and the other sources to %(paid)s: %(difference)s has no line. "
            "Add the line, or lower the goal."
        )
    else:
        return ""
    return message % values


def in_money(cents: int) -> str:
    """In the currency of the cooperative that is served."""
    return formats.money(cents, served_currency())


def served_currency() -> str:
    cooperative = current_cooperative()
    return cooperative.currency if cooperative else "CAD"
