"""Child processes that cannot outlive whoever started them."""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def dies_with_parent(wish: signal.Signals = signal.SIGTERM) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `wish` to the child when this process is gone.

    Covers what no handler can: a parent that was SIGKILLed. Only Linux has
    it; elsewhere the function does nothing.
    """
    parent = os.getpid()

    def prepare() -> None:
        if _libc is None:
            return
        _libc.prctl(_PR_SET_PDEATHSIG, int(wish), 0, 0, 0)
        if os.getppid() != parent:  # it died before we had asked
            os._exit(1)

    return prepare


def stop(process: subprocess.Popen[bytes], first: signal.Signals = signal.SIGTERM, patience: float = 8.0) -> None:
    """End a process and wait for it: `first`, then SIGKILL after `patience` seconds."""
    if process.poll() is None:
        process.send_signal(first)
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of both loopback addresses."""
    if port > 65535:
        return False
    return _can_bind(socket.AF_INET, "127.0.0.1", port) and _can_bind(socket.AF_INET6, "::1", port)


def _can_bind(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        probe = socket.socket(family)
    except OSError:  # a machine without this family: nobody can be in the way
        return True
    with probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            return error.errno in _NO_SUCH_ADDRESS
    return True


_NO_SUCH_ADDRESS = {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}
