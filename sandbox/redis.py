"""A private Redis for as long as a test session needs one: loopback, in memory only."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sandbox.processes import dies_with_parent, free_port, stop


class RedisMissing(Exception):
    """This machine has no redis-server to start (`make services` installs it)."""


@dataclass(frozen=True)
class Redis:
    """Where the server listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"


@contextmanager
def redis() -> Iterator[Redis]:
    """Start an empty server; stop it on leaving. RedisMissing without one."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise RedisMissing("no redis-server is installed: make services installs one")
    server = Redis("127.0.0.1", free_port())
    with tempfile.TemporaryDirectory(prefix="tremplin-redis-") as directory:
        command = [binary, "--bind", server.host, "--port", str(server.port), "--dir", directory]
        process = subprocess.Popen(
            [*command, "--save", "", "--appendonly", "no", "--loglevel", "warning"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            preexec_fn=dies_with_parent(),
        )
        try:
            _wait_until_ready(server, process)
            yield server
        finally:
            stop(process)


def _wait_until_ready(server: Redis, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while not _answers(server):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"redis-server did not start (exit code {process.poll()})")
        time.sleep(0.02)


def _answers(server: Redis) -> bool:
    try:
        with socket.create_connection((server.host, server.port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
