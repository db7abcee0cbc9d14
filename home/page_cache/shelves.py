"""Where kept pages stand: in the process's memory, as much as it may hold, and in the shared store for all processes.

The memory holds nothing that is not judged by the shared store each time (home.page_cache.freshness).
"""

import gzip
import time
from collections import OrderedDict
from dataclasses import dataclass, field, fields, replace
from threading import Lock

from django.conf import settings

from home.page_cache import store
from home.page_cache.keys import Key
from home.page_cache.noting import Fact, digest

#: Seconds: nothing is kept longer, whatever happened or failed to.
LONGEST = 300.0
#: As good as gzip's best for pages, in half the time.
LEVEL = 6
#: Seconds for which an address whose page may not be kept is not asked whether it may; and how many are remembered.
REFUSED, MOST_REFUSED = 10.0, 1_000
#: Seconds for which a page that was judged is sent again without asking the shared store: a fraction of the time that
#: an answer takes to its reader, and dozens of answers when a page is read at full speed.
TRUSTED = 0.02


@dataclass(frozen=True)
class Entry:
    """A page as it is sent: `packed` is gzip's; `headers` are those of both.

    `ends` is a moment of the product's clock, `made` and `over` of the machine's; all in seconds since the epoch.
    `took` is how long it was being made.
    """

    key: Key
    cooperative_id: int | None
    versions: dict[str, str]
    facts: dict[Fact, str]
    pulse: str
    made: float
    took: float
    over: float
    ends: float
    etag: str
    headers: dict[str, str]
    packed: bytes
    plain: bytes = field(repr=False, default=b"")

    @property
    def weight(self) -> int:
        """In bytes, with something for what surrounds the body."""
        return len(self.packed) + len(self.plain) + 2_000


class Shelf:
    """The process's memory: the pages asked for last, up to a number of bytes."""

    def __init__(self) -> None:
        self._entries: OrderedDict[Key, Entry] = OrderedDict()
        self._refused: OrderedDict[Key, float] = OrderedDict()
        self._trusted: dict[Key, float] = {}
        self._lock = Lock()
        self.weight = 0

    def get(self, key: Key) -> Entry | None:
        with self._lock:
            if (entry := self._entries.get(key)) is not None:
                self._entries.move_to_end(key)
            return entry

    def put(self, entry: Entry) -> None:
        with self._lock:
            self._take(entry.key)
            self._entries[entry.key] = entry
            self.weight += entry.weight
            while self.weight > settings.PAGE_CACHE_BYTES:
                self._take(next(iter(self._entries)))

    def trusted(self, key: Key) -> Entry | None:
        """What was judged a moment ago, and is not judged again."""
        if self._trusted.get(key, 0) < time.monotonic():
            return None
        return self._entries.get(key)

    def trust(self, key: Key) -> None:
        self._trusted[key] = time.monotonic() + TRUSTED

    def distrust(self) -> None:
        """Something was published by this process."""
        self._trusted = {}

    def refuse(self, key: Key) -> None:
        """Its page may not be kept: for a while nobody waits for another's."""
        with self._lock:
            self._refused[key] = time.time() + REFUSED
            while len(self._refused) > MOST_REFUSED:
                self._refused.popitem(last=False)

    def is_refused(self, key: Key) -> bool:
        return self._refused.get(key, 0) > time.time()

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._refused.clear()
            self._trusted = {}
            self.weight = 0

    def _take(self, key: Key) -> None:
        self._trusted.pop(key, None)
        if (entry := self._entries.pop(key, None)) is not None:
            self.weight -= entry.weight


shelf = Shelf()


#: Part of the name in the shared store: what another release kept in another shape is not there for this one.
SHAPE = digest(tuple(one.name for one in fields(Entry)))[:6]


def _name(key: Key) -> str:
    return f"{key.name}:{SHAPE}"


def share(entry: Entry) -> None:
    """For the other processes, packed alone."""
    shelf.put(entry)
    store.write(_name(entry.key), replace(entry, plain=b""), seconds=entry.over - time.time())


def shared(key: Key) -> Entry | None:
    """What any process kept last; whoever takes it judges it."""
    entry = store.read([_name(key)]).get(_name(key))
    if not isinstance(entry, Entry) or entry.key != key:
        return None
    return replace(entry, plain=gzip.decompress(entry.packed))
