"""Tremplin on a PostgreSQL of its own, with production's settings: empty tables, static files, and Django set up here.

    with installed(place.folder) as site:
        from tests.factories.campaigns import make_campaign      # only now: models need Django
        …
        with site.served() as server:
            load(server.port, repeat(site.get("/fr/", "meule.localhost")), seconds=5)

Making the tables takes a minute: they are made once for what the migrations and requirements are, and restored after
that from bench/results/tables/. A figure has a process of its own, so that setting Django up binds nobody else.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import django
from django.core.management import call_command

from bench import dumps, load, serving
from sandbox.postgres import Postgres, binaries, postgres

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "bench/results/tables"
#: What makes the tables; a change of any of it makes them anew.
SOURCES = ("*/migrations/*.py", "requirements.txt", "site/config/settings/base.py")


@dataclass(frozen=True)
class Installed:
    """Where it is, and the environment that its processes need."""

    folder: Path
    database: Postgres
    environment: dict[str, str]

    def served(self, workers: int = 2, threads: int = 4, *options: str) -> AbstractContextManager[serving.Served]:
        """Its web server, ready when it answers."""
        return serving.gunicorn(
            "config.wsgi",
            self.folder,
            environment=self.environment,
            workers=workers,
            threads=threads,
            options=options,
            ready=self.get("/healthz", "localhost"),
        )

    @staticmethod
    def get(path: str, host: str, **headers: str) -> bytes:
        """A request as it comes through the proxy before it."""
        return load.get(path, host, serving.PROXIED | headers)


@contextmanager
def installed(folder: Path, **environment: str) -> Iterator[Installed]:
    """An installation until the block ends; `environment` is added to what production reads. PostgresMissing."""
    with postgres() as server:
        site = Installed(folder, server, serving.production(folder, server, **environment))
        os.environ |= site.environment
        sys.path[:0] = [str(ROOT / "site")]
        django.setup()
        _make_tables(server)
        call_command("collectstatic", "--noinput", verbosity=0)
        yield site


def _make_tables(server: Postgres) -> None:
    kept = KEPT / f"{fingerprint(ROOT)}.dump"
    if kept.exists():
        dumps.restore(server, kept)
        return
    call_command("migrate", verbosity=0, interactive=False)
    for stale in KEPT.glob("*.dump"):
        stale.unlink()
    dumps.keep(server, kept)


def fingerprint(root: Path) -> str:
    digest = hashlib.sha256(str(binaries()).encode())
    for pattern in SOURCES:
        for path in sorted(root.glob(pattern)):
            digest.update(str(path.relative_to(root)).encode() + path.read_bytes())
    return digest.hexdigest()[:20]
