"""A campaign page (8 tiers, video, 20 updates) read without a session, on PostgreSQL with production's settings.

`bare` is a bare Django view that gives as many bytes under the same server. `warm` is ours as it is read a second time
and after. `cold` empties the shared store before each request, so that every page is made: its CPU, and its queries,
which are counted in this process with few rows (1 tier, 1 update) and with many, in both languages. `alone` is the bare
view asked as `cold` is: one request at a time, each on a connection of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Bound, Contender, Figure, Place, Reading, plain, ratio
from bench.installation import Installed, installed
from bench.load import get, load, repeat
from bench.serving import PROXIED, Served, bare

HOST, SMALL = "meule.localhost", "four.localhost"
WORKERS, THREADS, CLIENTS = 2, 4, 8
PACKED = {"Accept-Encoding": "gzip"}
#: Seconds that a run of what is read at full speed lasts at the stated size, and pages that are made cold.
LASTS, COLD = 20, 1000
#: Processor time is counted in ticks of 10 ms: what takes half a millisecond is asked this often for one cold page.
SHORT = 10


def read_for(server: Served, request: bytes, seconds: float) -> Reading:
    with server.weighed() as spent:
        found = load(server.port, repeat(request), clients=CLIENTS, seconds=seconds)
    return {
        "per_second": found.per_second,
        "cpu_ms": spent.cpu_ms / max(1, found.requests),
        "p50_ms": found.percentile_ms(0.5),
        "p99_ms": found.percentile_ms(0.99),
    }


def _empty(folder: Path) -> None:
    """What all processes share; what each keeps for itself is worth nothing without."""
    for name in ("pages", "cache"):
        shutil.rmtree(folder / name, ignore_errors=True)


def _read_alone(server: Served, request: bytes, count: int, empty: Callable[[], None]) -> Reading:
    with server.weighed() as spent:
        for _number in range(count):
            empty()
            load(server.port, repeat(request), clients=1, requests=1)
    return {"cpu_ms": spent.cpu_ms / count}


def _queries(path: str, host: str) -> int:
    """Of a process that has served the page once, with every cache emptied."""
    from django.core.cache import caches  # noqa: PLC0415 (Django is set up by now)
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client = Client(headers={"host": host} | PROXIED)
    for _time in range(2):
        for name in ("default", "pages"):
            caches[name].clear()
        with CaptureQueriesContext(connection) as captured:
            assert client.get(path).status_code == 200, path
    return len(captured)


@contextmanager
def stand(place: Place) -> Iterator[Mapping[str, Contender]]:
    with installed(place.folder) as site:
        from bench import reading_site  # noqa: PLC0415 (models are importable once Django is set up)

        pages = [(path, HOST) for path in reading_site.paths_of(reading_site.make(HOST)).values()]
        few = reading_site.paths_of(reading_site.make(SMALL, tiers=1, updates=1))
        counts = [_queries(path, host) for path, host in [*pages, *((path, SMALL) for path in few.values())]]
        with site.served(WORKERS, THREADS) as ours:
            yield from _measured(place, site, ours, pages[0][0], counts)


def _measured(
    place: Place, site: Installed, ours: Served, path: str, counts: list[int]
) -> Iterator[Mapping[str, Contender]]:
    request = site.get(path, HOST, **PACKED)
    size = load(ours.port, repeat(request), clients=1, requests=1).bytes
    seconds, count = place.size(LASTS), place.size(COLD)
    queries = {"queries": float(max(counts)), "spread": float(max(counts) - min(counts))}
    with bare(size, place.folder, workers=WORKERS, threads=THREADS) as limit:
        yield {
            "bare": lambda: read_for(limit, get("/", "localhost", PACKED), seconds),
            "warm": lambda: read_for(ours, request, seconds),
            "alone": lambda: _read_alone(limit, get("/", "localhost", PACKED), SHORT * count, lambda: None),
            "cold": lambda: {**_read_alone(ours, request, count, lambda: _empty(place.folder)), **queries},
        }


FIGURE = Figure(
    name="reading",
    about="A campaign page (8 tiers, video, 20 updates) read without a session: as it is kept, and made each time",
    stand=stand,
    bounds=(
        Bound("of a bare view's requests per second", ratio("warm.per_second", "bare.per_second"), at_least=0.6),
        Bound("times a bare view's CPU", ratio("warm.cpu_ms", "bare.cpu_ms"), at_most=1.7),
        Bound("times a bare view's p99", ratio("warm.p99_ms", "bare.p99_ms"), at_most=3),
        Bound("times a bare view's CPU, made anew", ratio("cold.cpu_ms", "alone.cpu_ms"), at_most=30),
        Bound("queries of a page made anew", plain("cold.queries"), at_most=10),
        Bound("queries more with many rows than with few", plain("cold.spread"), at_most=0),
    ),
)
