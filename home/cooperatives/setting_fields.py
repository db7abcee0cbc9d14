"""Fields of a cooperative's settings, with the same checks wherever they are typed: a command, or either admin."""

import re
import zoneinfo
from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_name
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

#: Two decimals each, as every amount here is kept.
CURRENCIES = ("CAD", "USD", "EUR")

HOST = RegexValidator(
    r"\A(?=.{1,253}\Z)(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{2,63}(?<!-)\Z",
    _("Enter a host name alone, like campagnes.coop.example: no https://, no port, no path."),
)
#: What Stripe prints on card statements: 5 to 22 Latin characters with a letter, and none of < > \\ ' " *.
DESCRIPTOR = RegexValidator(
    r"\A(?=.*[A-Za-z])[A-Za-z0-9 .,&#/+_-]{5,22}\Z",
    _("Enter 5 to 22 characters without accents, with at least one letter: this is what card statements show."),
)
#: Ten figures, the first two saying what kind of body it is.
NEQ = re.compile(r"\A(?:11|22|33|88)\d{8}\Z")


class HostField(forms.CharField):
    default_validators = [HOST]  # noqa: RUF012 (as Django has it)

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").lower().rstrip(".")


class PercentField(forms.DecimalField):
    """A percentage as a person types it (5, 5.5 or 5,5); cleans to hundredths of a percent."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(min_value=Decimal(0), max_value=Decimal(30), decimal_places=2, **kwargs)

    def to_python(self, value: Any) -> Any:
        return super().to_python(value.replace(",", ".").strip(" %\u00a0") if isinstance(value, str) else value)

    def prepare_value(self, value: Any) -> Any:
        return f"{Decimal(value) / 100:f}" if isinstance(value, int) else value

    def clean(self, value: Any) -> Any:
        typed = super().clean(value)
        return None if typed is None else int(typed * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return initial != self.clean(data)
        except ValidationError:
            return True


class TimeZoneField(forms.ChoiceField):
    """Canada's zones first; any other that the machine knows."""

    def __init__(self, **kwargs: Any) -> None:
        names = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
        near = [one for one in names if one.startswith("Canada/")]
        kwargs.pop("max_length", None)
        known = ["America/Toronto", *near, *(one for one in names if one not in near and one != "America/Toronto")]
        super().__init__(choices=[(one, one) for one in known], **kwargs)


def currency_choices() -> list[tuple[str, str]]:
    return [(code, f"{code} · {get_currency_name(code, locale='fr_CA')}") for code in CURRENCIES]


def clean_registration_number(value: str) -> str:
    """Spaces are a matter of taste; the number is kept as it was typed."""
    if value and not NEQ.match(re.sub(r"[\s\u00a0-]", "", value)):
        raise ValidationError(_("A NEQ has ten figures, beginning with 11, 22, 33 or 88."))
    return value
