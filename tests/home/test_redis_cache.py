"""The cache on a real Redis; and pages where there is none to ask."""

import time

import pytest
from django.core.cache import caches

from home.page_cache import store
from sandbox.processes import free_port
from sandbox.redis import RedisMissing, redis

HERE = {"BACKEND": "home.redis_cache.RedisCache", "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.5}}


@pytest.fixture(scope="module")
def server():
    try:
        with redis() as server:
            yield server
    except RedisMissing as missing:
        pytest.skip(str(missing))


def at(settings, url):
    settings.CACHES = {"default": HERE | {"LOCATION": url}}
    return caches["default"]


def test_what_one_machine_keeps_another_finds(settings, server):
    cache = at(settings, server.url)
    assert cache.add("first", 1, 60)
    assert not cache.add("first", 2, 60)
    assert cache.incr("first") == 2
    assert cache.get("first") == 2
    assert cache.get_many(["first", "second"]) == {"first": 2}
    cache.delete("first")
    assert not cache.has_key("first")


def test_without_redis_everything_is_a_miss_and_nobody_is_first(settings, caplog):
    cache = at(settings, f"redis://127.0.0.1:{free_port()}/0")
    assert cache.get("any", "nothing") == "nothing"
    assert cache.get_many(["any"]) == {}
    assert not cache.add("any", 1, 60)
    assert cache.set("any", 1) is None
    assert cache.set_many({"any": 1}) == ["any"]
    assert not cache.has_key("any")
    assert [cache.incr("any") for _time in range(3)] == [1, 2, 3], "each process counts by itself meanwhile"
    assert "goes on without it" in caplog.text


def test_public_pages_are_made_without_redis(settings, cooperative, on_host, monkeypatch):
    monkeypatch.setattr(store, "_paused_until", 0.0)
    at(settings, away := f"redis://127.0.0.1:{free_port()}/0")
    settings.CACHES = settings.CACHES | {
        "pages": HERE | {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": away}
    }
    settings.PAGE_CACHE = True
    began = time.monotonic()
    answers = [on_host(cooperative).get("/fr/") for _visit in range(3)]
    assert [(one.status_code, one.get("Server-Timing")) for one in answers] == [(200, None)] * 3
    assert time.monotonic() - began < 5  # nobody waits for whoever cannot have the lease
