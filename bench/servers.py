"""The same Tremplin under gunicorn, as site/gunicorn.conf.py has it, and under granian: which serves it better here.

Each has as many workers and threads, PostgreSQL, production's settings and an application that is loaded
before workers are forked. `warm` is the campaign page of `reading` as it is kept, `form` the form of a pledge, which is
made each time. Memory is the larger worker's PSS. Nothing here is a bound: the decision on servers in docs/decisions/
reads these figures.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from django.urls import reverse

from bench.figures import Contender, Figure, PeerMissing, Place, missing
from bench.installation import Installed, installed
from bench.peers.installing import environment_of
from bench.reading import read_for
from bench.serving import ROOT, Served, running
from sandbox.processes import free_port

HOST = "meule.localhost"
WORKERS, THREADS = 2, 4
LASTS = 20


@contextmanager
def _granian(site: Installed) -> Iterator[Served]:
    """Under our own interpreter and packages, with granian's added. PeerMissing."""
    beside = environment_of("granian")
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(beside), "platbase": str(beside)}))
    port = free_port()
    command: list[object] = [sys.executable, ROOT / "bench/peers/granian_forked.py", port, WORKERS, THREADS]
    environment = site.environment | {"PYTHONPATH": f"{packages}:{ROOT}:{ROOT / 'site'}"}
    ready = site.get("/healthz", "localhost")
    log = site.folder / "granian.log"
    with running(command, port, log, environment=environment, folder=ROOT / "site", ready=ready) as served:
        yield served


@contextmanager
def stand(place: Place) -> Iterator[Mapping[str, Contender]]:
    with installed(place.folder) as site, ExitStack() as until:
        from bench import reading_site  # noqa: PLC0415 (models are importable once Django is set up)

        campaign = reading_site.make(HOST)
        paths = {"warm": reading_site.paths_of(campaign)["fr"], "form": reverse("contribute", args=[campaign.pk])}
        asked = {what: site.get(path, HOST, **{"Accept-Encoding": "gzip"}) for what, path in paths.items()}
        seconds = place.size(LASTS)
        found: dict[str, Contender] = {}
        for name, server in {"gunicorn": site.served(WORKERS, THREADS), "granian": _granian(site)}.items():
            found |= _contenders(name, until, server, asked, seconds)
        yield found


def _contenders(
    name: str, until: ExitStack, server: AbstractContextManager[Served], asked: Mapping[str, bytes], seconds: float
) -> dict[str, Contender]:
    try:
        served = until.enter_context(server)
    except PeerMissing as why:
        return {f"{name}_{what}": missing(str(why)) for what in asked}
    return {f"{name}_{what}": _turn(served, request, seconds) for what, request in asked.items()}


def _turn(served: Served, request: bytes, seconds: float) -> Contender:
    return lambda: {**read_for(served, request, seconds), "worker_mb": max(served.worker_pss_mb)}


FIGURE = Figure(
    name="servers",
    about="Tremplin under gunicorn and under granian: a page as it is kept, the form of a pledge, a worker's memory",
    stand=stand,
    bounds=(),
    peers=frozenset({"granian_warm", "granian_form"}),
)
