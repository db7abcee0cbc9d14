"""The pace that every worker shares: never faster than the bucket fills, and slower when Stripe asks."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from pledges import pacing
from pledges.models import RateBucket


@pytest.fixture
def ten_a_second(settings):
    settings.STRIPE_RATE_LIMIT, settings.STRIPE_RATE_SHARE = 20.0, 0.5


def set_bucket(tokens, *, seconds_ago=0.0):
    bucket, _made = RateBucket.objects.update_or_create(
        name=pacing.NAME, defaults={"tokens": tokens, "filled_at": timezone.now() - timedelta(seconds=seconds_ago)}
    )
    return bucket


def tokens_left():
    return RateBucket.objects.get().tokens


@pytest.mark.parametrize(
    ("key", "limit", "expected"),
    [("sk_live_x", 0, 80.0), ("rk_live_x", 0, 80.0), ("sk_test_x", 0, 20.0), ("sk_live_x", 10, 8.0)],
)
def test_the_rate_is_a_share_of_what_is_published_for_the_kind_of_key(settings, key, limit, expected):
    settings.STRIPE_SECRET_KEY, settings.STRIPE_RATE_LIMIT, settings.STRIPE_RATE_SHARE = key, limit, 0.8
    assert pacing.calls_per_second() == expected


@pytest.mark.django_db
def test_the_first_call_finds_a_full_bucket(ten_a_second):
    assert pacing.take(4) == 0
    assert tokens_left() == pytest.approx(6, abs=0.5)


@pytest.mark.django_db
def test_a_bucket_that_is_short_says_how_long_to_wait_and_gives_nothing(ten_a_second):
    set_bucket(2)
    assert pacing.take(5) == pytest.approx(0.3, abs=0.05)
    assert tokens_left() == 2


@pytest.mark.django_db
def test_it_fills_by_the_rate_and_never_above_a_second_s_worth(ten_a_second):
    set_bucket(0, seconds_ago=0.6)
    assert pacing.take(5) == 0
    assert tokens_left() == pytest.approx(1, abs=0.5)
    set_bucket(0, seconds_ago=3600)
    assert pacing.take(5) == 0
    assert tokens_left() == pytest.approx(5, abs=0.1)


@pytest.mark.django_db
def test_a_slow_rate_still_lets_a_block_through(settings):
    settings.STRIPE_RATE_LIMIT, settings.STRIPE_RATE_SHARE = 1.0, 1.0
    assert pacing.take(pacing.BLOCK) == 0
    assert pacing.take(pacing.BLOCK) == pytest.approx(5, abs=0.1)


@pytest.mark.django_db
def test_another_host_s_clock_ahead_of_ours_fills_nothing_and_is_kept(ten_a_second):
    ahead = set_bucket(5, seconds_ago=-30).filled_at
    assert pacing.take(5) == 0
    bucket = RateBucket.objects.get()
    assert (bucket.tokens, bucket.filled_at) == (0, ahead)


@pytest.mark.django_db
def test_asked_to_slow_down_nobody_takes_anything_for_a_while_and_told_twice_is_told_once(ten_a_second):
    set_bucket(10)
    pacing.back_off()
    assert tokens_left() == -20
    pacing.back_off()
    assert tokens_left() == -20
    assert pacing.take(5) == pytest.approx(2.5, abs=0.1)


@pytest.mark.django_db
def test_a_worker_asks_the_bucket_once_a_block(ten_a_second, django_assert_num_queries):
    set_bucket(10)
    pace = pacing.Pace()
    pace.wait()
    with django_assert_num_queries(0):
        for _call in range(pacing.BLOCK - 1):
            pace.wait()
    assert tokens_left() == pytest.approx(5, abs=0.5)


@pytest.mark.django_db
@pytest.mark.parametrize(("rate", "asks"), [(80, 4), (200, 2), (1_000_000, 1)])
def test_where_the_pace_is_quick_a_block_is_longer_and_never_more_than_is_wanted(settings, monkeypatch, rate, asks):
    settings.STRIPE_RATE_LIMIT, settings.STRIPE_RATE_SHARE = float(rate), 1.0
    taken = []
    monkeypatch.setattr(pacing, "take", lambda calls: taken.append(calls) or 0.0)
    pace = pacing.Pace(20)
    for _call in range(20):
        pace.wait()
    assert taken == [20 // asks] * asks


@pytest.mark.django_db
def test_a_worker_waits_for_the_bucket(ten_a_second):
    set_bucket(0)
    began = time.monotonic()
    pacing.Pace().wait()
    assert 0.4 < time.monotonic() - began < 1.5


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_workers_together_stay_under_the_rate(settings):
    settings.STRIPE_RATE_LIMIT, settings.STRIPE_RATE_SHARE = 100.0, 1.0
    calls, end = [], time.monotonic() + 3

    def work():
        pace = pacing.Pace()
        while time.monotonic() < end:
            pace.wait()
            calls.append(time.monotonic())
        connections.close_all()

    workers = [threading.Thread(target=work) for _worker in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(20)
    calls.sort()
    # A second's worth may go at once; after it, no second has more than the rate and what each worker held back.
    assert 300 < len(calls) <= 100 + 3.2 * 100 + 6 * pacing.BLOCK
    later = [at for at in calls if at > calls[0] + 1]
    busiest = max(sum(at <= one < at + 1 for one in later) for at in later)
    assert busiest <= 100 + 6 * pacing.BLOCK
