"""What a web worker keeps in memory, and whether it grows with the requests that it answered.

The workers fork from a server that has loaded the application (`preload_app`), so that what they never write to is
shared; the proportional set size (PSS) counts a shared page for its part. Read after as many requests for a mix of
public pages as 1,000 and then 10,000 (a tenth of both at a tenth of the sizes would say nothing of growth: 1,000 and
4,000 there). The limit is a bare view under the same server: what gunicorn and Django alone keep.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.figures import Bound, Contender, Figure, Place, Reading, plain, ratio
from bench.installation import Installed, installed
from bench.load import Story, get, load
from bench.serving import Served, bare

HOST, PLATFORM = "meule.localhost", "tremplin.localhost"
SOON = 1000
WORKERS, THREADS = 2, 4


@dataclass
class Watched:
    """A server that is asked and weighed in turns: the second and third turn only confirm what the first left."""

    server: Served
    requests: list[bytes]
    later: int
    found: dict[str, float] = field(default_factory=dict)

    def __call__(self) -> Reading:
        if not self.found:
            self._ask(SOON)
            soon = max(self.server.worker_pss_mb)
            self._ask(self.later - SOON)
            self.found = {"soon_mb": soon}
        else:
            self._ask(SOON // 4)
        later = self.server.worker_pss_mb
        return self.found | {"later_mb": max(later), "whole_mb": self.server.pss_mb}

    def _ask(self, count: int) -> None:
        load(self.server.port, self._story, clients=WORKERS * THREADS, requests=count)

    def _story(self, client: int) -> Story:
        """All of them, each client from another one on."""
        at = client
        while True:
            yield self.requests[at % len(self.requests)]
            at += 1


@contextmanager
def stand(place: Place) -> Iterator[Mapping[str, Contender]]:
    later = 10 * SOON if place.full else 4 * SOON
    with installed(place.folder) as site:
        paths = _found(site)
        with site.served(WORKERS, THREADS) as ours, bare(30_000, place.folder, workers=WORKERS) as limit:
            yield {
                "ours": Watched(ours, [site.get(path, host) for path, host in paths], later),
                "bare": Watched(limit, [get("/", "localhost")], later),
            }


def _found(site: Installed) -> list[tuple[str, str]]:
    """A cooperative with a campaign and its updates; the public pages of it, as (path, host)."""
    from bench.memory_site import found  # noqa: PLC0415  (models are importable once Django is set up)

    return found(HOST, PLATFORM)


FIGURE = Figure(
    name="memory",
    about="A web worker's memory (PSS) under a mix of public pages, on PostgreSQL with production's settings",
    stand=stand,
    bounds=(
        Bound("MB of the larger worker, at the end", plain("ours.later_mb"), at_most=110),
        Bound("times that after 1,000 requests", ratio("ours.later_mb", "ours.soon_mb"), at_most=1.1),
    ),
)
