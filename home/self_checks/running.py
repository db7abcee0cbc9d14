"""One night's checks: made once a day, from an hour of the night on (SELF_CHECK_FROM_HOUR).

A process that dies on the way leaves a row that is not finished: the checks are made again once it is older than
PATIENCE. Nothing is changed by them, so that twice does no harm.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from home import clock, ticking
from home.models import SelfCheckRun
from home.self_checks.registry import SelfCheck, all_checks
from home.tenancy import across_cooperatives

log = logging.getLogger(__name__)

PATIENCE = timedelta(hours=6)

#: How many faults of a check are counted, and how many of them the mail shows.
MOST, SHOWN = 10_000, 10


def today() -> date:
    return timezone.localtime(clock.now()).date()


def is_due() -> bool:
    """Whether tonight's checks are still to be made, and nobody is at it."""
    hour = settings.SELF_CHECK_FROM_HOUR
    if hour is None or timezone.localtime(clock.now()).hour < hour:
        return False
    row = SelfCheckRun.objects.filter(day=today()).first()
    return row is None or (row.finished_at is None and (row.started_at is None or row.started_at < _given_up()))


def _given_up() -> datetime:
    return clock.now() - PATIENCE


def run() -> SelfCheckRun | None:
    """Make tonight's checks; None where another worker does, or has."""
    day = today()
    SelfCheckRun.objects.get_or_create(day=day)
    free = SelfCheckRun.objects.filter(Q(started_at=None) | Q(started_at__lt=_given_up()), day=day, finished_at=None)
    if not free.update(started_at=clock.now()):
        return None
    return _make(day)


def run_again() -> SelfCheckRun:
    """Make today's checks, whether or not they were made: somebody asks for them. What was told may be told again."""
    day = today()
    SelfCheckRun.objects.update_or_create(day=day, defaults={"started_at": clock.now(), "told_at": None})
    return _make(day)


def _make(day: date) -> SelfCheckRun:
    with _seen_alive():
        found = {check.name: _found(check) for check in all_checks()}
    SelfCheckRun.objects.filter(day=day).update(found=found, finished_at=clock.now())
    return SelfCheckRun.objects.get(day=day)


def _found(check: SelfCheck) -> dict[str, Any]:
    """What a check finds. One that cannot be made is a finding, and keeps no other from being made."""
    count, first = 0, []
    try:
        with across_cooperatives():
            for count, fault in enumerate(islice(check.run(), MOST), start=1):
                if count <= SHOWN:
                    first.append(str(fault)[:300])
    except Exception as error:
        log.exception("the self-check %s could not be made", check.name)
        return {"count": count, "first": first, "failed": type(error).__name__}
    return {"count": count, "first": first, "failed": ""}


@contextmanager
def _seen_alive() -> Iterator[None]:
    """The checks may take minutes, in which this worker gives no other sign of life."""
    over = threading.Event()
    beating = threading.Thread(target=_beat_until, args=[over], daemon=True)
    beating.start()
    try:
        yield
    finally:
        over.set()
        beating.join()


def _beat_until(over: threading.Event) -> None:
    while not over.wait(20):
        ticking.beat("worker")
        connection.close()
