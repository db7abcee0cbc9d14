"""A store of which nothing answers, as Redis is when it is down."""

from django.core.cache.backends.base import BaseCache


class BrokenCache(BaseCache):
    def __init__(self, location, params):
        super().__init__(params)

    def _refuse(self, *args, **kwargs):
        raise ConnectionError("the store is down")

    add = get = set = delete = get_many = _refuse
