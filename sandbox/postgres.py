"""A private PostgreSQL for as long as a test session needs one.

Nothing of it survives: the cluster lives in a temporary directory, listens on
a free loopback port, trusts whoever connects and does not wait for the disk.
"""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.processes import dies_with_parent, free_port, stop


class PostgresMissing(Exception):
    """This machine has no PostgreSQL server to start (`make services` installs it)."""


@dataclass(frozen=True)
class Postgres:
    """Where the server listens, and the superuser that may do anything there."""

    host: str
    port: int
    user: str
    dbname: str

    @property
    def url(self) -> str:
        return f"postgres://{self.user}@{self.host}:{self.port}/{self.dbname}"


def binaries() -> Path:
    """The newest installed server's bin directory; PostgresMissing without one."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not found and (initdb := shutil.which("initdb")):
        found = [Path(initdb).resolve().parent]
    if not found:
        raise PostgresMissing("no PostgreSQL server is installed: make services installs one")
    return max(found, key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))])


@contextmanager
def postgres(dbname: str = "tremplin") -> Iterator[Postgres]:
    """Start a server with one empty database; stop and erase it on leaving."""
    bin_dir = binaries()
    directory = Path(tempfile.mkdtemp(prefix="tremplin-postgres-"))
    owner = _owner()
    try:
        if owner is not None:
            shutil.chown(directory, owner, owner)
        data = directory / "data"
        _call(
            [bin_dir / "initdb", "-D", data, "-U", "tremplin", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            owner,
        )
        server = Postgres("127.0.0.1", free_port(), "tremplin", dbname)
        with _running(bin_dir, directory, server, owner):
            _call([bin_dir / "createdb", "-h", server.host, "-p", server.port, "-U", server.user, dbname], owner)
            yield server
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _owner() -> str | None:
    """PostgreSQL refuses to run as root; root lends it the `postgres` account."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        raise PostgresMissing("PostgreSQL cannot run as root, and there is no `postgres` user") from None


@contextmanager
def _running(bin_dir: Path, directory: Path, server: Postgres, owner: str | None) -> Iterator[None]:
    settings = {
        "listen_addresses": server.host,
        "unix_socket_directories": str(directory),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "200",
    }
    command = [str(bin_dir / "postgres"), "-D", str(directory / "data"), "-p", str(server.port)]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    log = directory / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=directory,
            user=owner,
            group=owner,
            extra_groups=[] if owner else None,
            preexec_fn=dies_with_parent(signal.SIGQUIT),
        )
    try:
        _wait_until_ready(bin_dir, server, process, log)
        yield
    finally:
        stop(process, signal.SIGINT)  # a "fast" shutdown: connections are cut


def _wait_until_ready(bin_dir: Path, server: Postgres, process: subprocess.Popen[bytes], log: Path) -> None:
    ask = [str(bin_dir / "pg_isready"), "-q", "-h", server.host, "-p", str(server.port)]
    end = time.monotonic() + 60
    while subprocess.run(ask).returncode != 0:
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)


def _call(command: list[object], owner: str | None) -> None:
    answer = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        cwd="/",
        user=owner,
        group=owner,
        extra_groups=[] if owner else None,
    )
    if answer.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{answer.stdout}{answer.stderr}")
