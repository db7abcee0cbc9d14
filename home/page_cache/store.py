"""The store that all processes share (CACHES["pages"]: files on one machine, Redis on several).

Where it cannot be reached, pages are made each time: nothing is read, nothing is kept, and the log says so. It is asked
again after a second, so that no page waits for it more than once.
"""

import logging
import time
from collections.abc import Callable, Collection
from typing import Any, TypeVar

from django.core.cache import BaseCache, caches

log = logging.getLogger(__name__)

Result = TypeVar("Result")


#: Seconds for which a store that failed is not asked.
PAUSE = 1.0
_paused_until = 0.0


def _try(act: Callable[[BaseCache], Result], otherwise: Result) -> Result:
    global _paused_until
    if time.monotonic() < _paused_until:
        return otherwise
    try:
        return act(caches["pages"])
    except Exception:  # each backend has errors of its own, and none may cost a reader the page
        log.exception("the store of pages cannot be used")
        _paused_until = time.monotonic() + PAUSE
        return otherwise


def read(keys: Collection[str]) -> dict[str, Any]:
    """Those that are there, read in this order where the store reads one by one."""
    return _try(lambda cache: cache.get_many(keys), {})


def write(key: str, value: Any, *, seconds: float | None) -> None:
    _try(lambda cache: cache.set(key, value, seconds), None)


def add(key: str, value: Any, *, seconds: float | None) -> bool:
    """Whether it was not there: one of several that add at once is told so; all, where nothing can be added."""
    return _try(lambda cache: cache.add(key, value, seconds), otherwise=True)


def delete(key: str) -> None:
    _try(lambda cache: cache.delete(key), otherwise=False)
