"""Formats and texts in templates: the house's own filters, loaded everywhere."""

from datetime import date, datetime
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from home import formats, languages

register = template.Library()


@register.filter
def money(cents: int, currency: str) -> str:
    return formats.money(cents, currency)


@register.filter
def exact_money(cents: int, currency: str) -> str:
    return formats.money(cents, currency, exact=True)


@register.filter
def month(value: date) -> str:
    return formats.month(value)


@register.filter
def day(value: date) -> str:
    return formats.day(value)


@register.filter
def local_day(value: datetime, zone: str) -> str:
    return formats.local_day(value, zone)


@register.filter
def clock_time(value: datetime, zone: str) -> str:
    return formats.clock_time(value, zone)


@register.filter
def deadline(value: datetime, zone: str) -> str:
    return formats.deadline(value, zone)


@register.filter
def zone_name(zone: str) -> str:
    return formats.zone_name(zone)


@register.filter
def number(value: int) -> str:
    return formats.number(value)


@register.filter
def text_of(row: Any, field: str) -> str:
    """`reward|text_of:"title"`: the text in the language of the page."""
    return languages.text_of(row, field)


@register.filter(expects_localtime=True)
def machine_time(value: datetime) -> str:
    """An instant as `datetime` attributes have it."""
    return value.strftime("%Y-%m-%dT%H:%M:%S%z")


@register.simple_tag
def day_tag(value: date) -> SafeString:
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.day(value))
