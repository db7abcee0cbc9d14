"""Amounts, dates and counts as people read them here: always fr_CA and en_CA.

Money is an integer of minor units (cents) with its ISO 4217 currency beside it.
Babel's own fr_CA is mended in two places: the first of a month is « 1er », and « 23 h 59 » has no-break spaces.
"""

import math
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, get_timezone_name
from babel.numbers import format_currency, format_decimal

from home.languages import ENGLISH, FRENCH, current

NBSP = "\u00a0"
LOCALES = {FRENCH: Locale("fr", "CA"), ENGLISH: Locale("en", "CA")}
#: A page says the same amounts and days again and again, and Babel takes its time with each.
remembered = lru_cache(maxsize=4096)
WHOLE = {FRENCH: f"#,##0{NBSP}¤", ENGLISH: "¤#,##0"}


def folded(text: str) -> str:
    """Without accents and case: « Épicerie » is found by “epicerie”, and sorts beside it."""
    apart = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "OE"))
    return "".join(one for one in apart if not unicodedata.combining(one)).casefold()


def _locale(language: str | None) -> Locale:
    return LOCALES[language or current()]


def money(cents: int, currency: str, language: str | None = None, *, exact: bool = False) -> str:
    """« 45 $ », « 45,50 $ »; with `exact`, as on receipts and reports, « 45,00 $ »."""
    return _money(cents, currency, language or current(), exact)


@remembered
def _money(cents: int, currency: str, language: str, exact: bool) -> str:
    locale = LOCALES[language]
    amount = Decimal(cents) / 100
    if exact or cents % 100:
        return format_currency(amount, currency, locale=locale)
    pattern = WHOLE[locale.language]
    return format_currency(amount, currency, format=pattern, locale=locale, currency_digits=False)


def percent(part: int, whole: int, language: str | None = None) -> str:
    """A share rounded down, so that 100 % means reached."""
    share, language = part * 100 // whole if whole else 0, language or current()
    return f"{_number(share, language)}{NBSP}%" if language == FRENCH else f"{_number(share, language)}%"


def rate(basis_points: int, language: str | None = None, *, decimals: int = 0) -> str:
    """Ten-thousandths as a percentage, whole, with one decimal or two, as it is: « 5 % », « 2,9 % »; “2.9%”.

    `decimals` is how many there are at least, so that a column of shares lines up.
    """
    pattern = f"0.{'0' * decimals}{'#' * (2 - decimals)}"
    number = format_decimal(Decimal(basis_points) / 100, format=pattern, locale=_locale(language))
    return f"{number}{NBSP}%" if (language or current()) == FRENCH else f"{number}%"


def thousandths(value: int, language: str | None = None) -> str:
    """A tax rate in thousandths of a percent, as it is: « 9,975 % », “5%”."""
    shown = format_decimal(Decimal(value) / 1000, format="0.###", locale=_locale(language))
    return f"{shown}{NBSP}%" if (language or current()) == FRENCH else f"{shown}%"


def number(value: int, language: str | None = None) -> str:
    return _number(value, language or current())


@remembered
def _number(value: int, language: str) -> str:
    return format_decimal(value, locale=LOCALES[language])


def ratio(value: float, language: str | None = None) -> str:
    """A contrast, rounded down, so that 4.5 means reached: « 4,4:1 », “4.4:1”."""
    return f"{format_decimal(math.floor(value * 10) / 10, locale=_locale(language))}:1"


def day(value: date, language: str | None = None) -> str:
    """« 1er novembre 2026 », “November 1, 2026”."""
    return _day(value.year, value.month, value.day, language or current())


@remembered
def _day(year: int, month: int, number: int, language: str) -> str:
    text = format_date(date(year, month, number), format="long", locale=LOCALES[language])
    return f"1er{text[1:]}" if language == FRENCH and number == 1 else text


def month(value: date, language: str | None = None) -> str:
    """« octobre 2026 », “October 2026”."""
    return _month(value.year, value.month, language or current())


@remembered
def _month(year: int, month: int, language: str) -> str:
    return format_skeleton("yMMMM", datetime(year, month, 1), locale=LOCALES[language])


def month_name(value: date, language: str | None = None) -> str:
    """« octobre », without its year."""
    return format_date(value, format="LLLL", locale=_locale(language))


def short_month(value: date, language: str | None = None, *, with_year: bool = False) -> str:
    """« oct. », « oct. 2026 »; “Oct”, “Oct 2026”: for pictures, where there is no room."""
    return format_date(value, format="LLL y" if with_year else "LLL", locale=_locale(language))


def clock_time(value: datetime, zone: str, language: str | None = None) -> str:
    """« 23 h 59 », « 9 h »; “11:59 p.m.”."""
    local = value.astimezone(ZoneInfo(zone))
    if (language or current()) == FRENCH:
        return f"{local.hour}{NBSP}h{NBSP}{local.minute:02}" if local.minute else f"{local.hour}{NBSP}h"
    half = "a.m." if local.hour < 12 else "p.m."
    return f"{local.hour % 12 or 12}:{local.minute:02} {half}"


def zone_name(zone: str, language: str | None = None) -> str:
    """« heure de l’Est », “Eastern Time”."""
    return _zone_name(zone, language or current())


@remembered
def _zone_name(zone: str, language: str) -> str:
    return get_timezone_name(ZoneInfo(zone), width="long", zone_variant="generic", locale=LOCALES[language])


def local_day(value: datetime, zone: str, language: str | None = None) -> str:
    """The day of an instant as the cooperative's calendar has it."""
    return day(value.astimezone(ZoneInfo(zone)).date(), language)


def deadline(value: datetime, zone: str, language: str | None = None) -> str:
    """« 31 octobre 2026, à 23 h 59 (heure de l’Est) », “October 31, 2026 at 11:59 p.m. (Eastern Time)”."""
    parts = (local_day(value, zone, language), clock_time(value, zone, language), zone_name(zone, language))
    if (language or current()) == FRENCH:
        return "{}, à {} ({})".format(*parts)
    return "{} at {} ({})".format(*parts)
