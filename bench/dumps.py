"""Databases that take long to make, kept as a file and read back."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from sandbox.postgres import Postgres, binaries


def keep(server: Postgres, path: Path) -> None:
    """Write down the whole database; whoever looks finds all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(f".{os.getpid()}")
    _call("pg_dump", server, "--format=custom", "--compress=1", "--file", half, server.dbname)
    half.rename(path)


def restore(server: Postgres, path: Path) -> None:
    """Into a database that is empty. Its statistics are made as well: without them PostgreSQL takes small tables for
    large ones, and spends seconds on the plan of a query."""
    _call("pg_restore", server, "--no-owner", "--dbname", server.dbname, path)
    ask(server, "ANALYZE")


def ask(server: Postgres, query: str) -> str:
    """What the database answers to a query, as text."""
    return _call("psql", server, "--dbname", server.dbname, "--no-align", "--tuples-only", "--command", query).strip()


def _call(program: str, server: Postgres, *arguments: object) -> str:
    where = ["-h", server.host, "-p", server.port, "-U", server.user]
    command = [str(word) for word in (binaries() / program, *where, *arguments)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
