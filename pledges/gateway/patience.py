"""A provider that falls silent holds up one call of each process at a time, not all of its threads.

The calls that are under way when it falls silent each wait for their time-out. From then on one goes, and finds out
whether it is back; whoever comes meanwhile is told at once that there is no answer, which loses nothing: what was to
be done stands in a row, and the same call may be made again. The first answer, whatever it says, opens the way.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import stripe


class PatientClient(stripe.RequestsClient):
    """Stripe's own client, which asks a silent provider by one call at a time."""

    def __init__(self, timeout: tuple[float, float]) -> None:
        super().__init__(timeout=timeout)
        self._silence = _Silence()

    def request(self, *args: Any, **kwargs: Any) -> Any:
        with self._silence.broken():
            return super().request(*args, **kwargs)


class _Silence:
    def __init__(self) -> None:
        self._since_last_answer = False
        self._one_asks = threading.Lock()

    @contextmanager
    def broken(self) -> Iterator[None]:
        """Around a call. Raises APIConnectionError at once while another finds out whether there are answers again."""
        asks = self._since_last_answer
        if asks and not self._one_asks.acquire(blocking=False):
            raise stripe.APIConnectionError(  # type: ignore[no-untyped-call]
                "Stripe does not answer, and another call is finding out."
            )
        try:
            yield
        except stripe.APIConnectionError:
            self._since_last_answer = True
            raise
        else:
            self._since_last_answer = False
        finally:
            if asks:
                self._one_asks.release()
