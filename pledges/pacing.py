"""How fast settlements call Stripe: a token bucket that every worker of every host shares.

A worker takes a block of calls by one conditional UPDATE, and waits while the bucket is short; what a killed worker had
taken is lost, which is the safe side. The pace is a share of what Stripe publishes: pages and events call too.
"""

import time

from django.conf import settings
from django.utils import timezone

from home import leases
from home.ready_queries import Ready
from pledges.models import RateBucket

NAME = "stripe"
#: Calls a second that Stripe publishes, with live keys and with test keys.
LIVE, TEST = 100.0, 25.0
#: Calls taken at once, so that the bucket's row is written some times less often than Stripe is called; at a pace at
#: which that is less than this share of a second, as many as come in it.
BLOCK, SHARE = 5, 1 / 20
#: For how long nobody calls after Stripe asked to slow down.
PAUSE_SECONDS = 2.0


def calls_per_second() -> float:
    """The share of the published limit, or of the limit that the settings name, that settlements may use."""
    published = LIVE if "_live_" in settings.STRIPE_SECRET_KEY else TEST
    return (settings.STRIPE_RATE_LIMIT or published) * settings.STRIPE_RATE_SHARE


class Pace:
    """The calls that one worker may still make before it asks the bucket again. About `calls` are to be made in all."""

    def __init__(self, calls: int = BLOCK) -> None:
        self._left = 0
        self._block = max(BLOCK, min(calls, int(calls_per_second() * SHARE)))

    def wait(self) -> None:
        """Return once a call may be made."""
        while not self._left:
            seconds = take(self._block)
            if seconds:
                time.sleep(seconds)
            else:
                self._left = self._block
        self._left -= 1


def take(calls: int) -> float:
    """Take that many calls. 0 if they were taken, else after how many seconds to ask again."""
    rate = calls_per_second()
    while True:
        bucket = _bucket(rate)
        now, filled_at = timezone.now(), bucket.filled_at
        if filled_at > now + leases.APART:  # by a clock that was set back since
            filled_at = now
        now = max(now, filled_at)
        refilled = bucket.tokens + (now - filled_at).total_seconds() * rate
        tokens = min(_most(rate), refilled)
        if tokens < calls:
            return (calls - tokens) / rate
        unchanged = RateBucket.objects.filter(pk=bucket.pk, tokens=bucket.tokens, filled_at=bucket.filled_at)
        if unchanged.update(tokens=tokens - calls, filled_at=now):
            return 0.0


def back_off() -> None:
    """Stripe asked to slow down: the bucket owes calls, once however many workers were told."""
    rate = calls_per_second()
    owing = RateBucket.objects.filter(name=NAME, tokens__gt=-rate)
    owing.update(tokens=-rate * PAUSE_SECONDS, filled_at=timezone.now())


def _bucket(rate: float) -> RateBucket:
    found: list[RateBucket] = _BUCKET(NAME)
    if found:
        return found[0]
    full = {"tokens": _most(rate), "filled_at": timezone.now()}
    return RateBucket.objects.get_or_create(name=NAME, defaults=full)[0]


_BUCKET = Ready(lambda name: RateBucket.objects.filter(name=name))


def _most(rate: float) -> float:
    """A second's worth: no longer a burst than the limit itself allows."""
    return max(rate, float(BLOCK))
