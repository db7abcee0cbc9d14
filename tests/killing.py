"""Processes of their own that are killed: a fork of the test's, with connections of its own.

A step is named as `module.function`, as its callers find it; `killed_at` wraps it in the child alone, so that the
product needs no switch. SIGKILL leaves no time for anything: no rollback is sent, no lease is given back.
"""

import os
import signal
import sys
import time
import traceback
from contextlib import contextmanager
from importlib import import_module

from django.db import connections

from pledges.gateway import client


def fork(function):
    """The id of a child that runs `function` and ends: 0 if it returned, 1 if it raised."""
    connections.close_all()
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        client._client.cache_clear()  # the sockets it keeps open are the parent's
        function()
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        connections.close_all()
        os._exit(code)


def wait_for(pid):
    """How the child ended: its exit code, or minus the signal."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def run_all(*functions):
    """Each in a process, all at once; the exit codes."""
    return [wait_for(pid) for pid in [fork(function) for function in functions]]


def kill(pid):
    """True if the child was still alive to be killed."""
    os.kill(pid, signal.SIGKILL)
    return wait_for(pid) == -signal.SIGKILL


def kill_after(function, seconds):
    pid = fork(function)
    time.sleep(seconds)
    return kill(pid)


def killed_at(step, when, function, nth=1):
    """Run `function` in a process that dies before or after the nth call of a step. How it ended."""

    def run():
        _arm(step, when, nth)
        function()

    return wait_for(fork(run))


def _arm(step, when, nth):
    owner, _dot, name = step.rpartition(".")
    module = import_module(owner)
    real, calls = getattr(module, name), 0

    def fatal(*args, **kwargs):
        nonlocal calls
        calls += 1
        if calls == nth and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = real(*args, **kwargs)
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(module, name, fatal)


@contextmanager
def patched(owner, name, value):
    real = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, real)
