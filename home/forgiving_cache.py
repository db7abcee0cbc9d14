"""The cache that pages ask is a help, never a need: where it does not answer, or its disk is full, they go on without.

What is asked then is a miss, and nothing is stored. `add` says that nothing was added: what rests on being first (a
code that serves once, a lease) is refused rather than given to two. What is counted is counted by each process for
itself meanwhile, so that limits hold, if more loosely.
"""

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends.locmem import LocMemCache

log = logging.getLogger(__name__)

#: Of one process, while the cache is away.
_counts = LocMemCache("counted-while-the-cache-is-away", {"OPTIONS": {"MAX_ENTRIES": 5_000}})
COUNTED_FOR = 15 * 60


class Forgiving:
    """Before a cache of Django's, which raises into the page that asks."""

    #: What says that it is away.
    away: ClassVar[tuple[type[Exception], ...]]

    #: What each question answers meanwhile.
    _without: ClassVar[dict[str, Callable[..., Any]]] = {
        "get": lambda key, default=None, **_: default,
        "set": lambda *_, **__: None,
        "touch": lambda *_, **__: False,
        "delete": lambda *_, **__: False,
        "get_many": lambda *_, **__: {},
        "set_many": lambda data, *_, **__: list(data),
        "delete_many": lambda *_, **__: None,
        "has_key": lambda *_, **__: False,
    }

    def _ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return getattr(super(), name)(*args, **kwargs)
        except self.away as error:
            self._say(error, name)
            return self._without[name](*args, **kwargs)

    def _say(self, error: Exception, name: str) -> None:
        log.warning("the cache did not answer (%s): %s goes on without it", type(error).__name__, name)

    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        try:
            return bool(super().add(key, *args, **kwargs))  # type: ignore[misc]
        except self.away as error:
            self._say(error, "add")
            _counts.add(key, 0, COUNTED_FOR)
            return False

    def get(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get", *args, **kwargs)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._ask("set", *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("touch", *args, **kwargs))

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("delete", *args, **kwargs))

    def get_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("get_many", *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> Any:
        return self._ask("set_many", *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._ask("delete_many", *args, **kwargs)

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("has_key", *args, **kwargs))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Counted by this process alone while the cache is away, whether the key was there or not; else as Django's."""
        try:
            return int(super().incr(key, delta, version))  # type: ignore[misc]
        except ValueError:
            if not _counts.has_key(key):
                raise
        except self.away as error:
            self._say(error, "incr")
            _counts.add(key, 0, COUNTED_FOR)
        return int(_counts.incr(key, delta))
