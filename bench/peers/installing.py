"""Peers from PyPI, each in an environment of its own under .tools/peers/, at the versions that its file pins.

They are installed from where pip of this machine installs. A peer that cannot be installed is missing, which a figure
says; it never fails for it.
"""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from bench.figures import Contender, PeerMissing, missing
from sandbox.environment import uv_environment
from sandbox.redis import RedisMissing

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / ".tools/peers"


def environment_of(name: str) -> Path:
    """The folder of the environment that bench/peers/<name>.txt describes, made if it is not there. PeerMissing."""
    pinned = ROOT / f"bench/peers/{name}.txt"
    folder = PEERS / name
    stamp, wanted = folder / ".installed", hashlib.sha256(pinned.read_bytes() + sys.version.encode()).hexdigest()
    PEERS.mkdir(parents=True, exist_ok=True)
    with (PEERS / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_text() != wanted:
            _install(folder, pinned)
            stamp.write_text(wanted)
    return folder


def _install(folder: Path, pinned: Path) -> None:
    """By uv, which bootstrap.py installed beside us, or by pip where it could not."""
    print(f"Installing {pinned.stem}…", file=sys.stderr, flush=True)
    _try([sys.executable, "-m", "venv", "--clear", folder])
    python = folder / "bin/python"
    settings = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    by_uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    try:
        _try([*by_uv, "-r", pinned], uv_environment(settings))
    except PeerMissing:
        _try([python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", pinned])


def _try(command: list[object], environment: dict[str, str] | None = None) -> None:
    words = [str(word) for word in command]
    answer = subprocess.run(words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if answer.returncode != 0:
        said = (answer.stdout + answer.stderr).strip().splitlines()
        raise PeerMissing(f"it could not be installed: {said[-1] if said else answer.returncode}")


@contextmanager
def or_missing(peer: AbstractContextManager[Contender]) -> Iterator[Contender]:
    """The contender of a peer, or one that says why it is not there."""
    with ExitStack() as stack:
        try:
            contender = stack.enter_context(peer)
        except (PeerMissing, RedisMissing) as why:
            contender = missing(str(why))
        yield contender
