"""How we stand with Stripe: whether our key is let in, by what clock Stripe goes, and where it sends events."""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from home import clock
from pledges.gateway.client import client
from pledges.gateway.errors import translated

ENABLED, ALL = "enabled", "*"


@dataclass(frozen=True)
class Endpoint:
    """Where Stripe sends events, and which kinds."""

    url: str
    is_enabled: bool
    kinds: frozenset[str]

    def hears(self, kind: str) -> bool:
        return ALL in self.kinds or kind in self.kinds


def read_clock() -> datetime:
    """Stripe's, to the second. Raises Unavailable, also where the key is refused."""
    with translated():
        answer = client().v1.balance.retrieve().last_response
    return parsedate_to_datetime(answer.headers["Date"]) if answer else clock.now()


def endpoints() -> list[Endpoint]:
    """Those of the platform. Raises Unavailable."""
    with translated():
        found = client().v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter()
        return [Endpoint(one.url, one.status == ENABLED, frozenset(one.enabled_events)) for one in found]
