"""The cache on a real Redis; and pages where there is none to ask."""

import pytest
from django.core.cache import caches

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
    with pytest.raises(ValueError, match="did not answer"):
        cache.incr("any")
    assert "goes on without it" in caplog.text


def test_a_public_page_and_a_form_are_served_without_redis(settings, cooperative, on_host):
    at(settings, f"redis://127.0.0.1:{free_port()}/0")
    client = on_host(cooperative)
    assert client.get("/fr/").status_code == 200
