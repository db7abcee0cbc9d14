"""Whether a kept page may be sent now, by what the shared store says: one reading of it for each request."""

import time
from enum import Enum

from home import clock
from home.page_cache import pulse, store
from home.page_cache.shelves import Entry


class State(Enum):
    """FRESH: send it. BEHIND: its figures have moved; it may be sent while one request makes it anew.

    OVER: something was published, or its time has come; nobody may get it any more.
    """

    FRESH = "fresh"
    BEHIND = "behind"
    OVER = "over"


def judge(entry: Entry) -> State:
    if time.time() >= entry.over or clock.now().timestamp() >= entry.ends:
        return State.OVER
    stirred = pulse.stirred(entry.cooperative_id) if entry.cooperative_id else ""
    figures = [stirred, entry.pulse] if entry.facts else []
    found = store.read([*entry.versions, *figures])
    if any(found.get(key) != version for key, version in entry.versions.items()):
        return State.OVER
    if not entry.facts:
        return State.FRESH
    reading = pulse.latest(entry, found.get(entry.pulse), found.get(stirred, 0))
    # A reading that is older than the page says nothing about it.
    if reading is not None and reading.at > entry.made and reading.facts != entry.facts:
        return State.BEHIND
    return State.FRESH
