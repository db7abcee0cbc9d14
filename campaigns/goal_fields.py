"""The goal as an editor types it: an amount, or a whole number of units, as the field beside it says."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from campaigns.enums import GoalUnit
from home.fields import AmountField, AmountInput

#: A presale of one thing is none, and the words on the page are plural.
FEWEST, MOST = 2, 1_000_000

SPACES = str.maketrans("", "", " \u00a0\u202f")


class GoalInput(AmountInput):
    """Shows what is stored as the unit has it; set by the field."""

    unit: str = GoalUnit.MONEY

    def format_value(self, value: Any) -> str | None:
        if self.unit == GoalUnit.UNITS and isinstance(value, int):
            return str(value)
        return super().format_value(value)


class GoalField(AmountField):
    """Cleans to minor units, or to a number of units once `count(GoalUnit.UNITS)` was said."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=GoalInput(attrs={"inputmode": "decimal", "autocomplete": "off"}), **kwargs)
        self.unit: str = GoalUnit.MONEY

    def count(self, unit: str) -> None:
        """What the form counts in: the choice that is posted with it, else the page's."""
        self.unit = self.widget.unit = unit  # type: ignore[attr-defined]

    def clean(self, value: Any) -> int | None:
        if self.unit != GoalUnit.UNITS or (self.disabled and isinstance(value, int)):
            return super().clean(value)
        text = str(value).translate(SPACES) if value is not None else ""
        if not text:
            return super().clean("")
        units = read_units(text)
        if units is None:
            raise ValidationError(_("Enter a whole number of units, for example 120."), code="units")
        if not FEWEST <= units <= MOST:
            raise ValidationError(_("A goal in units is from 2 to 1,000,000."), code="units")
        return units

    def has_changed(self, initial: Any, data: Any) -> bool:
        if self.unit != GoalUnit.UNITS:
            return super().has_changed(initial, data)
        return bool(initial != (read_units(data) if data else None))


def read_units(text: str) -> int | None:
    """A whole number in figures, thousands apart or not; None for anything else."""
    digits = text.translate(SPACES)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None
