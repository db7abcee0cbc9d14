"""What a page shows that may change without anybody publishing, noted while the page is made.

Template tags and views call `shows` and `until`; outside the making of a page that may be kept, both do nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from home import clock

#: What kind of figure, and of what: ("progress", 12).
Fact = tuple[Any, ...]


@dataclass
class Notes:
    """`facts`: figures and what they were. `ends`: the first moment at which the page says something else."""

    facts: dict[Fact, str] = field(default_factory=dict)
    ends: datetime | None = None


_running: ContextVar[Notes | None] = ContextVar("page_notes", default=None)


@contextmanager
def recording() -> Iterator[Notes]:
    notes = Notes()
    token = _running.set(notes)
    try:
        yield notes
    finally:
        _running.reset(token)


def shows(fact: Fact, value: Any) -> None:
    """The page shows this. A reader of the same kind (home.page_cache.pulse) says later what it is then."""
    if (notes := _running.get()) is not None:
        notes.facts[fact] = digest(value)


def until(moment: datetime | None) -> None:
    """What the page says holds until then; a moment that has passed says nothing."""
    notes = _running.get()
    if notes is None or moment is None or moment <= clock.now():
        return
    notes.ends = moment if notes.ends is None else min(notes.ends, moment)


def at_most(time: timedelta) -> None:
    """What the page says is allowed to be so old, and no older."""
    until(clock.now() + time)


def digest(value: Any) -> str:
    """Short, the same in each process, and no personal data."""
    return blake2b(repr(value).encode(), digest_size=12).hexdigest()
