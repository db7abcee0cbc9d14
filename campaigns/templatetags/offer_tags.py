"""When a tier is offered and how it reaches its backer, in words. Every figure comes from the terms."""

from dataclasses import dataclass

from django import template
from django.utils.translation import gettext

from campaigns.models import Handover, Reward
from home import clock, formats
from home.page_cache import noting

register = template.Library()


@dataclass(frozen=True)
class Window:
    """`words`: until when, or from when, it is offered; empty for a tier that is offered all the time."""

    words: str
    is_open: bool


@dataclass(frozen=True)
class Zone:
    """`price`: what mailing there costs, formatted; empty where it is included in the amount."""

    name: str
    price: str


@register.simple_tag
def window_of(reward: Reward) -> Window:
    now = clock.now()
    noting.until(reward.available_from)
    noting.until(reward.available_until)
    return Window(_window_words(reward), not reward.opens_after(now) and not reward.closed_before(now))


def _window_words(reward: Reward) -> str:
    now, zone = clock.now(), reward.campaign.cooperative.time_zone
    if reward.closed_before(now):
        return gettext("Early bird has ended")
    if reward.available_from and reward.opens_after(now):
        return gettext("Available from %(date)s at %(time)s") % {
            "date": formats.local_day(reward.available_from, zone),
            "time": formats.clock_time(reward.available_from, zone),
        }
    if reward.available_until is None:
        return ""
    until = {"deadline": formats.deadline(reward.available_until, zone)}
    if reward.limit is None:
        return gettext("Early bird: until %(deadline)s") % until
    return gettext("Early bird: until %(deadline)s, or until the last one") % until


@register.simple_tag
def zones_of(reward: Reward) -> list[Zone]:
    """Where it is mailed to. Reads `postage`, unless it was read with others (`known_postage`)."""
    if reward.handover != Handover.POST:
        return []
    currency, known = reward.campaign.currency, getattr(reward, "known_postage", None)
    return [
        Zone(row.get_zone_display(), formats.money(row.price, currency) if row.price else "")
        for row in (reward.postage.all() if known is None else known)
    ]


@register.filter
def costs_extra(zones: list[Zone]) -> bool:
    return any(zone.price for zone in zones)
