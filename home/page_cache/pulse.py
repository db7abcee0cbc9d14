"""The figures that kept pages show, read again at most once a second, by one reader for all.

A page notes which figures it shows and what they were (home.page_cache.noting). A room says how figures of a kind are
read (`reads`). What was read stands in the shared store for all pages that show the same figures, in every language
and process; once it is a second old, whoever asks first reads it again, and the others go on with what there is. A
reader that dies is followed by another once its lease is over.
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
from home.tenancy import across_cooperatives, within

log = logging.getLogger(__name__)

#: Seconds after which figures are read again: with the time of reading and making anew, nothing is a second old.
EVERY = 0.75
#: Seconds after which someone else reads, where a reader has died.
LEASE = 3
#: Seconds that a reading is of use to anybody.
KEPT = 3600

Read = Callable[[Collection[Fact]], Mapping[Fact, Any]]

_readers: dict[Any, Read] = {}


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


def key_of(cooperative_id: int | None, facts: Collection[Fact]) -> str:
    """Where the reading of these facts stands."""
    return f"pulse:{cooperative_id or 'every'}:{digest(sorted(facts, key=repr))}"


def latest(
    cooperative_id: int | None, facts: Collection[Fact], key: str, known: Reading | None, since: float
) -> Reading | None:
    """The reading to go by: what is known, or one made now where neither it nor `since` is recent enough."""
    now = time.time()
    if now - max(since, known.at if known else 0) < EVERY or not store.add(f"{key}:lease", 1, seconds=LEASE):
        return known
    try:
        reading = Reading(_read(cooperative_id, facts), now)
    except DatabaseError:
        log.exception("figures of public pages could not be read again")
        return known
    store.write(key, reading, seconds=KEPT)
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
