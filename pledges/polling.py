"""Events that never came: read from Stripe's own list every few minutes, and stored as if they had been delivered.

An account is read from the newest event seen before, less an overlap, by Stripe's clock alone. How far it has been
read is written once all is stored: a process that dies on the way reads the same pages again, and what is stored
already is left as it is.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Q

from home import clock
from home.models import Cooperative
from pledges import accounts, event_routes, gateway, webhooks
from pledges.models import EventPoll, StripeEvent

log = logging.getLogger(__name__)

#: An event may show itself in the list a little after younger ones.
OVERLAP = timedelta(minutes=10)

#: How far back Stripe's list reaches.
REACH = timedelta(days=30)

CHUNK = 100

PLATFORM = ""


def poll_platform() -> int:
    """Returns how many events had not come. Raises Unavailable, with what was stored so far kept."""
    return _poll(PLATFORM)


def poll_cooperative(cooperative: Cooperative) -> int:
    """The same of a cooperative's account. One that we do not reach any more, or again, is recorded so."""
    try:
        new = _poll(cooperative.stripe_account)
    except gateway.NoAccess:
        if cooperative.disconnected_at is None:
            accounts.refresh(cooperative)
        return 0
    if cooperative.disconnected_at is not None:
        accounts.refresh(cooperative)
    return new


def _poll(account: str) -> int:
    read_until = EventPoll.objects.get_or_create(account=account)[0].read_until
    since = read_until - OVERLAP if read_until else None
    if since and since < clock.now() - REACH:
        log.error("events of %s before %s are gone: run reconcile_stripe", account or "the platform", REACH)
    newest, new = read_until, 0
    for heads in _in_chunks(gateway.list_events(account, sorted(event_routes.ROUTES), since)):
        new += sum(webhooks.store(head) for head in _unknown(account, heads))
        newest = max([head.created_at for head in heads] + ([newest] if newest else []))
    _move_on(account, newest)
    return new


def _in_chunks(heads: Iterable[gateway.EventHead]) -> Iterator[list[gateway.EventHead]]:
    remaining = iter(heads)
    while some := list(islice(remaining, CHUNK)):
        yield some


def _unknown(account: str, heads: list[gateway.EventHead]) -> list[gateway.EventHead]:
    """Those that have not come, oldest first."""
    ids = [head.id for head in heads]
    known = set(StripeEvent.objects.filter(account=account, event_id__in=ids).values_list("event_id", flat=True))
    return [head for head in reversed(heads) if head.id not in known]


def _move_on(account: str, newest: datetime | None) -> None:
    EventPoll.objects.filter(account=account).update(polled_at=clock.now())
    if newest is not None:
        behind = EventPoll.objects.filter(Q(read_until=None) | Q(read_until__lt=newest), account=account)
        behind.update(read_until=newest)
