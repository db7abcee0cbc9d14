"""How often one network may try something within some minutes, whoever is behind it; and one e-mail address, too.

Counted in the shared cache, under a name that betrays neither, and forgotten when the time is over. A count may miss
one of two that come at once: it holds back floods, and proves nothing.
"""

import ipaddress
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from home import clock
from home.backing import email_key


@dataclass(frozen=True)
class Limit:
    """So many of `name` in each span of `within`, of one network; `for_one` for one address (0: not counted)."""

    name: str
    most: int
    within: timedelta
    for_one: int = 0


def minutes_to_wait(request: HttpRequest, limit: Limit, email: str = "") -> int:
    """Count an attempt, with the address that was typed, if any. 0: it may go on; else how many minutes until then."""
    network, address = network_of(request), email_key(email)
    held = _is_over(f"{limit.name} {network}", limit.most, limit.within) if network else False
    if limit.for_one and address and not held:
        held = _is_over(f"{limit.name} of {address}", limit.for_one, limit.within)
    return _minutes_left(limit.within) if held else 0


def _is_over(what: str, most: int, within: timedelta) -> bool:
    span, _passed = _span(within)
    key = salted_hmac("tremplin.attempts", f"{what} {span}").hexdigest()
    return _counted(f"attempts:{key}", int(within.total_seconds())) > most


def _minutes_left(within: timedelta) -> int:
    _number, passed = _span(within)
    return -(-(int(within.total_seconds()) - passed) // 60)


def _span(within: timedelta) -> tuple[int, int]:
    """Which span it is now, and how many seconds of it are over."""
    return divmod(int(clock.now().timestamp()), int(within.total_seconds()))


def _counted(key: str, seconds: int) -> int:
    """How many there were, this one included; of two that come first at once, the second is the second."""
    try:
        return cache.incr(key)
    except ValueError:
        if cache.add(key, 1, seconds):
            return 1
    try:
        return cache.incr(key)
    except ValueError:  # forgotten just now
        return 1


def network_of(request: HttpRequest) -> str:
    """An IPv4 address, or the half of an IPv6 one that names a network; empty where that is not known.

    A loopback address is no network: it is that of a proxy which the settings do not know of.
    """
    address = _address_of(request)
    try:
        found = ipaddress.ip_address(address.strip())
    except ValueError:
        return ""
    if found.is_loopback:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)


def _address_of(request: HttpRequest) -> str:
    """As the outermost proxy of ours saw it; what a visitor writes before that counts for nothing."""
    proxies: int = settings.PROXIES_IN_FRONT
    told = [part for part in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if proxies and len(told) >= proxies:
        return str(told[-proxies])
    return str(request.META.get("REMOTE_ADDR", ""))
