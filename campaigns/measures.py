"""What a goal counts, in words: money, or the rewards reserved in a presale.

All that is measured against a goal (the goal itself, a stretch goal, how far a campaign is) is a whole number of cents
or of units, as `goal_unit` says.
"""

from typing import Any

from django.utils.translation import ngettext

from campaigns.enums import GoalUnit
from home import formats


def in_words(amount: int, goal_unit: str, currency: str) -> str:
    """« 10 000 $ », « 200 unités »."""
    if goal_unit != GoalUnit.UNITS:
        return formats.money(amount, currency)
    return ngettext("%(n)s unit", "%(n)s units", amount) % {"n": formats.number(amount)}


def goal_of(terms: Any, currency: str) -> str:
    """The goal that a campaign or its page asks for."""
    return in_words(terms.goal, terms.goal_unit, currency)


def reserved_of(units: int, goal: int) -> str:
    """« 74 unités réservées sur 200 »."""
    words = ngettext("%(n)s of %(goal)s units reserved", "%(n)s of %(goal)s units reserved", units)
    return words % {"n": formats.number(units), "goal": formats.number(goal)}
