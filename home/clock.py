"""The clock of the product. Everything that asks "is it time yet" asks here.

On one machine (`make run`, journeys) a file may hold seconds to add, so that a deadline can be lived through
by web, worker and tick alike. Production has no such file.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone


def now() -> datetime:
    """The current instant, aware, in UTC."""
    return timezone.now() + offset()


def offset() -> timedelta:
    """How far ahead of the machine's clock the product's clock is."""
    path = settings.CLOCK_FILE
    if path is None or not path.exists():
        return timedelta()
    return timedelta(seconds=float(path.read_text() or 0))


def advance(by: timedelta) -> None:
    """Set the product's clock forward. Raises RuntimeError where the installation has no clock file."""
    if settings.CLOCK_FILE is None:
        raise RuntimeError("This installation has no clock of its own.")
    settings.CLOCK_FILE.write_text(str((offset() + by).total_seconds()))
