"""How often something was tried within some minutes: by one network, naming one address, or by anything else named.

Counted in the shared cache, under a name that betrays neither, and forgotten when the time is over. A count may miss
one of two that come at once: it holds back floods, and proves nothing.
"""

import ipaddress
from collections.abc import Sequence
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


@dataclass(frozen=True)
class Count:
    """How much of something there was of late: in this span of `within`, and in the one before."""

    name: str
    within: timedelta

    def add(self, of: str, by: int = 1) -> int:
        """Count for what `of` names; how many there are in this span now."""
        return _counted(self._key(of, self._span), 2 * int(self.within.total_seconds()), by)

    def keys(self, of: str) -> list[str]:
        """The places in the cache that `read` asks for."""
        return [self._key(of, self._span), self._key(of, self._span - 1)]

    @property
    def _span(self) -> int:
        return int(clock.now().timestamp()) // int(self.within.total_seconds())

    def _key(self, of: str, span: int) -> str:
        return f"count:{self.name}:{of}:{span}"


def read(wanted: Sequence[tuple[Count, str]]) -> list[int]:
    """What was counted of each, by one question to the cache. What nobody is named for (`""`) is none."""
    keys = [count.keys(of) if of else [] for count, of in wanted]
    found = cache.get_many([key for some in keys for key in some])
    return [sum(found.get(key, 0) for key in some) for some in keys]


def mark_of(what: str, text: str) -> str:
    """A name for an address or a network which does not betray it; empty for none."""
    return salted_hmac("tremplin.attempts", f"{what} {text}").hexdigest()[:24] if text else ""


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


def _counted(key: str, seconds: int, by: int = 1) -> int:
    """How many there were, this one included; of two that come first at once, the second is the second."""
    try:
        return cache.incr(key, by)
    except ValueError:
        if cache.add(key, by, seconds):
            return by
    try:
        return cache.incr(key, by)
    except ValueError:  # forgotten just now
        return by


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
