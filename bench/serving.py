"""Servers that a benchmark asks: started on a free port of loopback, and weighed while they run.

    with gunicorn("config.wsgi", folder, environment=production(folder, database)) as server:
        with server.weighed() as spent:
            found = load(server.port, repeat(get("/fr/", host)), requests=1000)
        spent.cpu_ms / 1000            # of all processes of the server, a request
        server.worker_pss_mb           # what each worker keeps for itself, with its share of what is shared

`gunicorn` reads our site/gunicorn.conf.py whatever it serves, so that ours and a bare view differ in the application
alone; `bare` serves a body of any size. `running` takes any command.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.load import LoadFailed, get, load, repeat
from sandbox.postgres import Postgres
from sandbox.processes import dies_with_parent, free_port, stop

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "site/gunicorn.conf.py"
READY_WITHIN = 120.0
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """What a server's processes took while a block ran: filled in when it ends."""

    cpu_ms: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class Served:
    """A server that answers, and what /proc says of its processes."""

    port: int
    pid: int
    log: Path = field(repr=False)

    @contextmanager
    def weighed(self) -> Iterator[Spent]:
        spent = Spent()
        cpu, begun = self.cpu_seconds, time.perf_counter()
        yield spent
        spent.cpu_ms, spent.seconds = 1000 * (self.cpu_seconds - cpu), time.perf_counter() - begun

    @property
    def cpu_seconds(self) -> float:
        """Of all its processes since they started, those that ended included. It counts in hundredths of a second."""
        ticks = [_ticks(pid) for pid in self.pids]
        return sum(ticks) / _TICKS

    @property
    def pids(self) -> list[int]:
        """The process that was started, and all below it."""
        return [self.pid, *_below(self.pid)]

    @property
    def worker_pids(self) -> list[int]:
        return sorted(_children(self.pid))

    @property
    def worker_pss_mb(self) -> list[float]:
        """Memory of each worker: what is shared by n processes counts for an n-th in each."""
        return [pss_mb(pid) for pid in self.worker_pids]

    @property
    def pss_mb(self) -> float:
        """Memory of all its processes."""
        return sum(pss_mb(pid) for pid in self.pids)


def pss_mb(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) * 1024 / 1e6


def _ticks(pid: int) -> int:
    """User and system time, of children that ended as well. 0 of a process that is gone: its parent counts it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(one) for one in fields[11:15])


def _children(pid: int) -> list[int]:
    """By the threads that started them, of which one may end at any moment."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, listed.read_text().split())
        except OSError:
            continue
    return found


def _below(pid: int) -> list[int]:
    return [one for child in _children(pid) for one in (child, *_below(child))]


# ---------------------------------------------------------------- starting


@contextmanager
def running(
    command: Sequence[object],
    port: int,
    log: Path,
    *,
    environment: Mapping[str, str] | None = None,
    folder: Path = ROOT,
    ready: bytes | None = None,
) -> Iterator[Served]:
    """Run a server until the block ends. It is ready when it answers `ready` at all (a request; "/" if None)."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=folder,
            env=clean_environment() | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=dies_with_parent(),
        )
        try:
            _wait_for(process, port, ready or get("/", "localhost"), log)
            yield Served(port, process.pid, log)
        finally:
            stop(process, patience=20)


def _wait_for(process: subprocess.Popen[bytes], port: int, ready: bytes, log: Path) -> None:
    end = time.monotonic() + READY_WITHIN
    while not _answers(port, ready):
        if process.poll() is not None or time.monotonic() > end:
            raise LoadFailed(f"The server did not start. It said:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.1)


def _answers(port: int, ready: bytes) -> bool:
    return load(port, repeat(ready), clients=1, requests=1, forgiving=True).requests == 1


@contextmanager
def gunicorn(
    application: str,
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    workers: int = 2,
    threads: int = 4,
    options: Sequence[str] = (),
    python: Path | str = sys.executable,
    config: Path | None = CONFIG,
    ready: bytes | None = None,
) -> Iterator[Served]:
    """Serve a WSGI application as site/gunicorn.conf.py says, with so many workers and threads; its log in `folder`."""
    port = free_port()
    command: list[object] = [python, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}"]
    command += ["-c", config, "--pythonpath", ROOT] if config else ["-c", "/dev/null", "--worker-class", "gthread"]
    command += ["--workers", workers, "--threads", threads, "--no-control-socket", *options]
    log = folder / f"gunicorn-{application.partition(':')[0]}-{port}.log"
    with running(command, port, log, environment=environment, folder=folder, ready=ready) as served:
        yield served


def clean_environment() -> dict[str, str]:
    """Ours, without what was said for the sake of our own Django: a server is told anew what it needs."""
    unwanted = ("PG", "DJANGO_", "PYTHON", "TREMPLIN_", "SECRET_KEY", "PLATFORM_HOST")
    return {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}


@contextmanager
def bare(size: int, folder: Path, *, workers: int = 2, threads: int = 4) -> Iterator[Served]:
    """The limit of a page of `size` bytes: a bare Django view under the same server."""
    environment = {"BARE_BYTES": str(size)}
    with gunicorn(
        "bench.bare:application", folder, environment=environment, workers=workers, threads=threads
    ) as served:
        yield served


def production(folder: Path, database: Postgres | None, **more: str) -> dict[str, str]:
    """The environment of Tremplin as it is installed: config.settings.production, with its data in `folder`.

    Ask with `PROXIED` among the headers, as production sends whoever comes without to HTTPS.
    """
    found = {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "SECRET_KEY": "of a benchmark, and of nothing else",
        "PLATFORM_HOST": "tremplin.localhost",
        "TREMPLIN_DATA": str(folder),
    }
    if database is not None:
        found |= {
            "PGHOST": database.host,
            "PGPORT": str(database.port),
            "PGUSER": database.user,
            "PGDATABASE": database.dbname,
        }
    return found | more


#: What the proxy before a production server adds to a request.
PROXIED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
