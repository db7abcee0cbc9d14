"""The settlement of a campaign against the Stripe double: every promise charged once, by four workers.

The limit is a loop of the same calls (parameters, metadata, expansions, keys) through the same client over as many
connections, from promises that lie read; the double, one process, bounds both. At 80 calls a second what counts is the
whole: closed, decided, prepared, charged, finished. Workers and tables are warm, as those are that have lived for days.
`cpu_ms` is that of the workers or the loop, a payment; what PostgreSQL and the double take comes on top.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from bench.figures import Bound, Contender, Figure, Place, Reading, plain, ratio
from bench.installation import installed
from bench.load import get
from bench.serving import Spent, running
from sandbox.processes import free_port

PLEDGES = 10_000
WORKERS = 4
#: Calls a second that Stripe lets settlements make, and none to speak of.
PACE, NO_LIMIT = 80.0, 1_000_000.0


@contextmanager
def stand(place: Place) -> Iterator[Mapping[str, Contender]]:
    count, port = place.size(PLEDGES), free_port()
    double = [sys.executable, "-m", "sandbox.stripe", "--port", port, "--data", place.folder / "stripe", "--quiet"]
    ready = get("/_sandbox/health", "localhost")
    stripe = {"STRIPE_API_BASE": f"http://127.0.0.1:{port}", "STRIPE_SECRET_KEY": "sk_test_tremplin"}
    with running(double, port, place.folder / "stripe.log", ready=ready) as far_end, installed(place.folder, **stripe):
        runs = importlib.import_module("bench.settling_runs")  # only now: its models need Django
        handle = runs.Double(port, None)
        shop = runs.founded(handle)
        runs.warm(shop, handle)

        def settled(pace: float) -> Reading:
            campaign = runs.promised(shop, handle, count)
            with far_end.weighed() as spent, runs.weighed() as own:
                seconds = runs.settle(campaign, WORKERS, pace)
            return _reading(count, seconds, spent, own) | {"of_its_time": seconds / (count / PACE)}

        def called() -> Reading:
            campaign = runs.promised(shop, handle, count)
            with far_end.weighed() as spent, runs.weighed() as own:
                seconds = runs.call(campaign, WORKERS)
            return _reading(count, seconds, spent, own)

        yield {"bare": called, "ours": lambda: settled(NO_LIMIT), "paced": lambda: settled(PACE)}


def _reading(count: int, seconds: float, far_end: Spent, own: Spent) -> dict[str, float]:
    rate = {"per_second": count / seconds, "seconds": seconds}
    return rate | {"cpu_ms": own.cpu_ms / count, "double_cpu_ms": far_end.cpu_ms / count}


FIGURE = Figure(
    name="settling",
    about="A campaign's promises charged against the Stripe double, without a limit and at 80 calls a second",
    stand=stand,
    bounds=(
        Bound(
            "of a bare loop of the same calls over as many connections",
            ratio("ours.per_second", "bare.per_second"),
            at_least=0.4,
        ),
        Bound("of the time that 80 calls a second take", plain("paced.of_its_time"), at_most=1.05),
    ),
)
