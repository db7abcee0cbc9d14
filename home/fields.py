"""Fields of ours: a StreamField whose blocks stay out of migrations, amounts, months, times."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.fields import StreamField

from home import formats
from home.amounts import read_cents


class BodyField(StreamField):
    """A StreamField that migrations see without its block definitions.

    The price: a data migration finds `raw_data` only.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not args:
            args = ([],)
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        name, path, _args, kwargs = super().deconstruct()
        kwargs.pop("block_lookup", None)
        return name, path, [], kwargs


class AmountInput(forms.TextInput):
    """Shows minor units as a person writes them."""

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, int):
            whole, cents = divmod(value, 100)
            return f"{whole},{cents:02}" if cents else str(whole)
        return super().format_value(value)


class AmountField(forms.CharField):
    """An amount typed in French or English; cleans to minor units."""

    widget = AmountInput

    def __init__(self, *, min_cents: int = 1, max_cents: int | None = None, **kwargs: Any) -> None:
        kwargs.setdefault("widget", AmountInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)
        self.min_cents, self.max_cents = min_cents, max_cents

    def clean(self, value: Any) -> int | None:
        if self.disabled and isinstance(value, int):
            return value  # nobody typed it: Django hands a disabled field what it was given
        text = super().clean(str(value) if value is not None else "")
        if not text:
            return None
        try:
            cents = read_cents(text)
        except ValueError as error:
            raise ValidationError(_("Enter an amount in figures, for example 45 or 45.50."), code="amount") from error
        self._check_bounds(cents)
        return cents

    def _check_bounds(self, cents: int) -> None:
        if cents < self.min_cents:
            shown = formats.money(self.min_cents, "CAD")
            message = _("The amount must be at least %(minimum)s.")
            raise ValidationError(message, code="min", params={"minimum": shown})
        if self.max_cents is not None and cents > self.max_cents:
            shown = formats.money(self.max_cents, "CAD")
            message = _("The amount must be at most %(maximum)s.")
            raise ValidationError(message, code="max", params={"maximum": shown})

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return initial != (read_cents(data) if data else None)
        except ValueError:
            return True


class AmountBlock(blocks.FieldBlock):
    """An amount in minor units inside a StreamField; not translated by wagtail-localize."""

    def __init__(self, required: bool = True, help_text: Any = None, min_cents: int = 1, **kwargs: Any) -> None:
        self.field = AmountField(required=required, help_text=help_text or "", min_cents=min_cents)
        super().__init__(**kwargs)


class MonthInput(forms.TextInput):
    input_type = "month"

    def format_value(self, value: Any) -> str | None:
        return value.strftime("%Y-%m") if isinstance(value, date) else super().format_value(value)


class MonthField(forms.CharField):
    """A month as browsers send it (2026-10); cleans to the first day of that month."""

    widget = MonthInput

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", MonthInput(attrs={"placeholder": "2026-10"}))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> date | None:
        if isinstance(value, date):
            return value.replace(day=1)
        text = super().clean(value)
        if not text:
            return None
        try:
            return date.fromisoformat(f"{text[:7]}-01")
        except ValueError as error:
            raise ValidationError(_("Enter a month like 2026-10."), code="month") from error


class MonthBlock(blocks.FieldBlock):
    """A month inside a StreamField; the same in every language."""

    def __init__(self, required: bool = True, help_text: Any = None, **kwargs: Any) -> None:
        self.field = MonthField(required=required, help_text=help_text or "")
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> date | None:
        if isinstance(value, str):
            return date.fromisoformat(f"{value[:7]}-01") if value else None
        return value

    def get_prep_value(self, value: Any) -> str | None:
        return value.strftime("%Y-%m") if isinstance(value, date) else None

    def value_from_form(self, value: Any) -> Any:
        return _read_or_keep(self.to_python, value)


class LocalTimeInput(forms.DateTimeInput):
    """The browser's own field, which needs no script. It speaks of a wall clock, not of an instant."""

    input_type = "datetime-local"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M", **kwargs)


class LocalTimeField(forms.CharField):
    """A day and time on the cooperative's clock, as browsers send them (2026-10-31T23:59); cleans to a naive one."""

    widget = LocalTimeInput

    def clean(self, value: Any) -> datetime | None:
        if isinstance(value, datetime):
            return value
        text = super().clean(value)
        if not text:
            return None
        try:
            return _local_time(text)
        except ValueError as error:
            raise ValidationError(_("Enter a day and time like 2026-10-31 23:59."), code="time") from error


class LocalTimeBlock(blocks.FieldBlock):
    """A day and time on the cooperative's clock inside a StreamField; the same in every language."""

    def __init__(self, required: bool = True, help_text: Any = None, **kwargs: Any) -> None:
        self.field = LocalTimeField(required=required, help_text=help_text or "")
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> datetime | None:
        if isinstance(value, str):
            return _local_time(value) if value else None
        return value

    def get_prep_value(self, value: Any) -> str | None:
        return value.strftime("%Y-%m-%dT%H:%M") if isinstance(value, datetime) else None

    def value_from_form(self, value: Any) -> Any:
        return _read_or_keep(self.to_python, value)


def _local_time(text: str) -> datetime:
    return datetime.fromisoformat(text.strip()).replace(second=0, microsecond=0, tzinfo=None)


def _read_or_keep(read: Callable[[Any], Any], value: Any) -> Any:
    """What was typed and cannot be read is kept for its field to say so."""
    try:
        return read(value)
    except ValueError:
        return value
