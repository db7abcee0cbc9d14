"""How often one network may try: counted for some minutes, and never against what is no network."""

from datetime import timedelta

import pytest

from home import clock
from home.attempts import Limit, minutes_to_wait

LIMIT = Limit("trials", most=3, within=timedelta(minutes=10))


@pytest.fixture
def trial(rf):
    def ask(address, limit=LIMIT, **headers):
        return minutes_to_wait(rf.post("/", REMOTE_ADDR=address, **headers), limit)

    return ask


@pytest.fixture(autouse=True)
def at_the_beginning_of_a_span(monkeypatch):
    now = clock.now().replace(minute=0, second=30, microsecond=0)
    monkeypatch.setattr(clock, "now", lambda: now)
    return lambda **later: monkeypatch.setattr(clock, "now", lambda: now + timedelta(**later))


def test_so_many_then_the_minutes_until_the_next(trial, at_the_beginning_of_a_span):
    assert [trial("203.0.113.5") for _ in range(5)] == [0, 0, 0, 10, 10]
    at_the_beginning_of_a_span(minutes=8)
    assert trial("203.0.113.5") == 2
    at_the_beginning_of_a_span(minutes=10)
    assert trial("203.0.113.5") == 0


def test_each_network_and_each_limit_counts_apart(trial):
    assert [trial("203.0.113.5") for _ in range(4)][-1] == 10
    assert trial("203.0.113.6") == 0
    assert trial("203.0.113.5", Limit("others", most=3, within=timedelta(minutes=10))) == 0


def test_a_network_of_ipv6_is_its_first_half(trial):
    assert [trial(f"2001:db8:1:2::{host}") for host in (1, 2, 3, 4)][-1] == 10
    assert trial("2001:db8:1:3::1") == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "", "unix:"])
def test_what_is_no_network_is_never_held_back(trial, address):
    """A proxy on the same machine that the settings do not know would hold everybody back."""
    assert {trial(address) for _ in range(6)} == {0}


def test_behind_a_proxy_the_last_address_it_wrote_counts(trial, settings):
    settings.PROXIES_IN_FRONT = 1
    asked = [trial("127.0.0.1", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}, 203.0.113.5") for n in range(4)]
    assert asked[-1] == 10
    settings.PROXIES_IN_FRONT = 0
    assert trial("203.0.113.7", HTTP_X_FORWARDED_FOR="203.0.113.5") == 0
