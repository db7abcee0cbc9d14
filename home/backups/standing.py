"""Whether this installation was brought back from a backup and is still held.

What happened after the backup was taken is unknown here: money may have moved and news may have left. Until an
operator has compared and releases it, nothing is charged, refunded or asked of Stripe but by reading, nothing is
mailed, and the tick does nothing. An account that could not be read at the release stays held by itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta

from django.db.models import Q

from home import clock
from home.models import Restoration
from home.ready_queries import Ready

#: How long after a release what the clock writes by itself may be something that was told before the restoration.
SETTLES = timedelta(minutes=15)

_lifted: ContextVar[bool] = ContextVar("lifted", default=False)


def holding() -> Q:
    """Restorations that hold all of the installation, or some accounts of it."""
    return Q(released_at=None) | ~Q(unread=[])


#: Hardly ever any row at all.
_ALL = Ready(lambda: Restoration.objects.values_list("released_at", "unread"))


def is_held(account: str = "") -> bool:
    """All of it, or what is on this account. Asked each time: a process that runs meanwhile must see it."""
    if _lifted.get():
        return False
    return any(released_at is None or account in unread for released_at, unread in _ALL())


@contextmanager
def lifted() -> Iterator[None]:
    """For the release itself, which ends what nobody here may go on with."""
    before = _lifted.set(True)
    try:
        yield
    finally:
        _lifted.reset(before)


def has_just_been_released() -> bool:
    """So lately that what the clock writes may have been told before."""
    return Restoration.objects.filter(released_at__gte=clock.now() - SETTLES).exists()
