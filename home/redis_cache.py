"""The cache that several machines share (home.forgiving_cache says what happens while it is away)."""

from typing import Any, ClassVar

from django.core.cache.backends import redis as django_redis
from redis import exceptions

from home.forgiving_cache import Forgiving

Base: Any = django_redis.RedisCache  # whose inner parts have no types


class RedisCache(Forgiving, Base):
    """Redis is away, still loading, or the network is slow."""

    away: ClassVar[tuple[type[Exception], ...]] = (
        exceptions.ConnectionError,
        exceptions.TimeoutError,
        exceptions.BusyLoadingError,
    )
