"""Redis is gone, and comes back empty: pages, limits and what is paid go on."""

import shutil
import signal
import subprocess
import time
from datetime import timedelta

import pytest
from django.core.cache import caches

from home.attempts import Limit, minutes_to_wait
from home.models import MailState, OutgoingMail
from sandbox.processes import free_port, stop
from tests.faults.product import Visitor, until
from tests.pledges.paying import flexible
from tests.pledges.test_killed_settlements import books_agree

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server: make services installs one"),
]


class Redis:
    def __init__(self, folder):
        self.folder, self.port = folder, free_port()

    def start(self):
        where = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder), "--save", ""]
        self.process = subprocess.Popen(["redis-server", *where], stdout=subprocess.DEVNULL)

    def vanish(self):
        stop(self.process, signal.SIGKILL)


@pytest.fixture
def server(tmp_path, settings):
    running = Redis(tmp_path)
    running.start()
    here = {
        "LOCATION": f"redis://127.0.0.1:{running.port}/0",
        "OPTIONS": {"socket_connect_timeout": 0.2, "socket_timeout": 0.5},
    }
    settings.CACHES = {
        "default": here | {"BACKEND": "home.redis_cache.RedisCache"},
        "pages": here | {"BACKEND": "django.core.cache.backends.redis.RedisCache", "KEY_PREFIX": "pages"},
    }
    settings.PAGE_CACHE, settings.PROXIES_IN_FRONT = True, 1
    until(lambda: caches["default"].set("is-there", 1) is None and caches["default"].get("is-there") == 1)
    yield running
    running.vanish()


def test_it_is_gone_and_comes_back_empty(server, product, shop, sink, stripe_double):
    campaign = flexible(shop, bilingual=False)
    visitor = Visitor(product, campaign)
    assert visitor.get("/fr/").status_code == 200
    visitor.opens_the_form()
    server.vanish()
    began = time.monotonic()
    assert visitor.get("/fr/").status_code == 200
    answer = visitor.contributes()
    assert answer.status_code == 303
    assert time.monotonic() - began < 5, "no page waits for it"
    product.takes_payment_of(visitor, answer)
    server.start()
    stranger = Visitor(product, campaign)
    until(lambda: "kept" in stranger.get("/fr/").headers.get("Server-Timing", ""))
    product.until(lambda: not OutgoingMail.objects.exclude(state=MailState.SENT).exists())
    assert len(sink.taken) == len(set(sink.taken)) == 1
    books_agree(stripe_double, shop)
    product.assert_alive()


def test_limits_hold_meanwhile(server, rf):
    limit, asks = Limit("trials", most=3, within=timedelta(hours=10)), rf.post("/", HTTP_X_FORWARDED_FOR="203.0.113.7")
    server.vanish()
    assert [minutes_to_wait(asks, limit) > 0 for _time in range(5)] == [False, False, False, True, True]
