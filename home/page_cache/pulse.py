"""The figures that kept pages show, read again at most once a second, by one reader for all.

A page notes which figures it shows and what they were (home.page_cache.noting). A room says how figures of a kind are
read (`reads`). What was read stands in the shared store for all pages that show the same figures, in every language
and process; once it is nearly a second old, whoever asks first reads it again, and the others go on with what there is.
A reader that dies is followed by another once its lease is over.

A lone contribution need not wait: what moves figures says so on commit (`stir`), unless they were read a moment ago, or
this process said so a moment ago. In a crowd nothing is said, and the next reading comes in time by itself.
"""

import logging
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.db import DatabaseError

from home.models import Cooperative
from home.page_cache import store
from home.page_cache.noting import Fact, digest
from home.page_cache.shelves import Entry, shelf
from home.tenancy import across_cooperatives, within

log = logging.getLogger(__name__)

#: Seconds after which figures are read again: with the time of reading and making anew, nothing is a second old.
EVERY = 0.7
#: On a machine so busy that making a page takes long, they are read sooner: to be shown within this many seconds.
WITHIN, LEAST = 0.8, 0.3
#: Seconds after which someone else reads, where a reader has died.
LEASE = 3
#: Seconds that a reading is of use to anybody.
KEPT = 3600

Read = Callable[[Collection[Fact]], Mapping[Fact, Any]]

_readers: dict[Any, Read] = {}
#: When this process last said that figures of a cooperative had moved.
_told: dict[int, float] = {}


@dataclass(frozen=True)
class Reading:
    """What figures were, as they are kept of pages, and when they began to be read (seconds since the epoch)."""

    facts: dict[Fact, str]
    at: float


def reads(kind: str) -> Callable[[Read], Read]:
    """Register how facts of a kind are read: all at once, within the scope of those who show them."""

    def register(read: Read) -> Read:
        _readers[kind] = read
        return read

    return register


def stirred(cooperative_id: int) -> str:
    """Where it stands when figures of a cooperative were last said to have moved."""
    return f"stirred:{cooperative_id}"


def _last_read(cooperative_id: int | None) -> str:
    return f"figures-read:{cooperative_id or 'every'}"


def stir(cooperative_id: int | None) -> None:
    """Figures of a cooperative have moved: they are read again by whoever asks next."""
    if cooperative_id is None:
        return
    now, last = time.time(), _last_read(cooperative_id)
    if now - _told.get(cooperative_id, 0) < EVERY or now - store.read([last]).get(last, 0) < EVERY:
        return
    store.write(stirred(cooperative_id), now, seconds=KEPT)
    _told[cooperative_id] = now
    shelf.distrust()


def key_of(cooperative_id: int | None, facts: Collection[Fact]) -> str:
    """Where the reading of these facts stands."""
    return f"pulse:{cooperative_id or 'every'}:{digest(sorted(facts, key=repr))}"


def latest(entry: Entry, known: Reading | None, moved: float) -> Reading | None:
    """The reading to go by: what is known, or one made now where neither it nor the entry is recent enough.

    `moved`: when figures were last said to have moved.
    """
    cooperative_id, facts, key = entry.cooperative_id, entry.facts, entry.pulse
    now, read = time.time(), max(entry.made, known.at if known else 0)
    every = min(EVERY, max(LEAST, WITHIN - entry.took))
    if max(now - every, moved) < read or not store.add(f"{key}:lease", 1, seconds=LEASE):
        return known
    try:
        reading = Reading(_read(cooperative_id, facts), now)
    except DatabaseError:
        log.exception("figures of public pages could not be read again")
        return known
    store.write(key, reading, seconds=KEPT)
    store.write(_last_read(cooperative_id), now, seconds=KEPT)
    store.delete(f"{key}:lease")
    return reading


def _read(cooperative_id: int | None, facts: Collection[Fact]) -> dict[Fact, str]:
    found: dict[Fact, str] = {}
    with _scope(cooperative_id):
        for kind, some in groupby(sorted(facts, key=repr), key=lambda fact: fact[0]):
            found |= {fact: digest(value) for fact, value in _readers[kind](list(some)).items()}
    return found


def _scope(cooperative_id: int | None) -> AbstractContextManager[Any]:
    """A cooperative's own pages show its own figures; those of the platform's host, everyone's that is listed."""
    return across_cooperatives() if cooperative_id is None else within(Cooperative(pk=cooperative_id))
