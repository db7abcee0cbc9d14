"""The cache that several machines share. It is a help, never a need: where Redis does not answer, pages go on without.

What is asked then is a miss, and nothing is stored. `add` says that nothing was added: what rests on being first (a
code that serves once, a lease) is refused rather than given to two.
"""

import logging
from collections.abc import Callable
from typing import Any, ClassVar

from django.core.cache.backends import redis as django_redis
from redis import exceptions

log = logging.getLogger(__name__)

Base: Any = django_redis.RedisCache  # whose inner parts have no types

#: Redis is away, still loading, or the network is slow.
AWAY = (exceptions.ConnectionError, exceptions.TimeoutError, exceptions.BusyLoadingError)


class RedisCache(Base):
    """Django's own, which raises into the page that asks."""

    #: What each question answers while Redis is away.
    _without: ClassVar[dict[str, Callable[..., Any]]] = {
        "add": lambda *_, **__: False,
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
        except AWAY as error:
            log.warning("the cache did not answer (%s): %s goes on without it", type(error).__name__, name)
            return self._without[name](*args, **kwargs)

    def add(self, *args: Any, **kwargs: Any) -> bool:
        return bool(self._ask("add", *args, **kwargs))

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
        """ValueError, as for a key that is not there, while Redis is away."""
        try:
            return int(super().incr(key, delta, version))
        except AWAY as error:
            raise ValueError(f"the cache did not answer: {type(error).__name__}") from error
