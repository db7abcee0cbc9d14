"""Several processes in one terminal: started together, watched, stopped together.

One thread, one loop (`watch`): it copies what the children say, notices the
one that died and the signal that asks to stop. Every child leads a process
group of its own, so that stopping it stops whatever it started too.
"""

from __future__ import annotations

import os
import re
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from sandbox.processes import dies_with_parent

PATIENCE = 8.0  # seconds from the request to stop until what is left is killed
HEAD_START = 5.0  # of these, for the site before what it talks to goes away
BETWEEN_QUESTIONS = 0.2  # seconds; asking itself can make a child talk
TAIL = 20  # lines of a dead child's log that are shown
PERSON_STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """A person asked to stop."""


class ChildDied(Exception):
    """A child ended that should not have; the text says which and how."""


@dataclass(frozen=True)
class Child:
    """A process to run.

    `stand_in`: the site talks to it, so it stops after the site. `chatty`: all
    that it says is shown. `hush`: a line that holds this is not a warning.
    """

    name: str
    command: list[str]
    stand_in: bool = False
    chatty: bool = False
    hush: str = "\0"


class Warnings:
    """Which lines a person wants to see when nothing is asked: warnings, errors, tracebacks."""

    LOUD = re.compile(r"\bWARN(?:ING)?\b|\bERROR\b|\bCRITICAL\b|\bFATAL\b|(?:Error|Warning|Exception)(?::|$)")
    START = re.compile(r"Traceback \(most recent call last\):")

    def __init__(self) -> None:
        self._in_traceback = False

    def wants(self, line: str) -> bool:
        if self.START.search(line):
            self._in_traceback = True
            return True
        if self._in_traceback:
            self._in_traceback = line.startswith((" ", "\t")) or not line
            return True
        return bool(self.LOUD.search(line))


@dataclass
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    log: BinaryIO
    warnings: Warnings = field(default_factory=Warnings)
    unfinished: bytes = b""
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=TAIL))


class Supervisor:
    """Use as a context manager: on leaving, no child is left."""

    def __init__(self, logs: Path, environment: Mapping[str, str], directory: Path, verbose: bool = False) -> None:
        self._logs = logs
        self._environment = dict(environment)
        self._directory = directory
        self._verbose = verbose
        self._running: list[_Running] = []
        self._selector = selectors.DefaultSelector()
        self._requests = 0
        self._stopping = False

    def __enter__(self) -> Supervisor:
        self._logs.mkdir(parents=True, exist_ok=True)
        for wish in PERSON_STOPS:
            if wish != signal.SIGHUP or signal.getsignal(wish) != signal.SIG_IGN:  # nohup keeps its promise
                signal.signal(wish, self._asked_to_stop)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._selector.close()

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        self._requests += 1

    # ------------------------------------------------------------ running

    def start(self, children: Iterable[Child]) -> None:
        for child in children:
            self._start(child)

    def _start(self, child: Child) -> None:
        process = subprocess.Popen(
            child.command,
            cwd=self._directory,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=dies_with_parent(),
        )
        running = _Running(child, process, (self._logs / f"{child.name}.log").open("wb"))
        self._running.append(running)
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, running)

    def run_to_end(self, child: Child) -> None:
        """Run a child that has an end; ChildDied when it fails."""
        self._start(child)
        running = self._running[-1]
        while not _has_ended(running):
            self.watch(may_end=running)
        self._drain(running)
        self._reap(running)
        self._running.remove(running)
        if running.process.returncode != 0:
            raise ChildDied(self._obituary(running))

    def wait_until(self, is_so: Callable[[], bool], patience: float, complaint: Callable[[], str]) -> None:
        """Watch until something is so; ChildDied with the complaint when it takes too long."""
        end = time.monotonic() + patience
        while not is_so():
            if time.monotonic() > end:
                raise ChildDied(complaint())
            pause = time.monotonic() + BETWEEN_QUESTIONS
            while time.monotonic() < pause:
                self.watch()

    def watch(self, may_end: _Running | None = None) -> None:
        """One turn of the loop, 0.2 s at most. Raises Stopped or ChildDied."""
        for key, _ in self._selector.select(0.2):
            self._listen(key.data)
        if self._requests:
            raise Stopped
        for running in self._running:
            if running is not may_end and _has_ended(running):
                self._drain(running)
                self._reap(running)
                raise ChildDied(self._obituary(running))

    # ------------------------------------------------------------ output

    def _listen(self, running: _Running) -> bool:
        """Take what the child has said by now; False when there was nothing."""
        pipe = running.process.stdout
        if pipe is None or pipe.closed:
            return False
        try:
            said = os.read(pipe.fileno(), 65536)
        except BlockingIOError:
            return False
        if not said:
            self._selector.unregister(pipe)
            pipe.close()
            return False
        running.log.write(said)
        running.log.flush()
        *lines, running.unfinished = (running.unfinished + said).split(b"\n")
        for line in lines:
            self._show(running, line.decode(errors="replace").rstrip("\r"))
        return True

    def _show(self, running: _Running, line: str) -> None:
        running.tail.append(line)
        if self._shows_all_of(running) or self._is_worth_showing(running, line):
            print(f"[{running.child.name}] {line}", flush=True)

    def _shows_all_of(self, running: _Running) -> bool:
        return self._verbose or running.child.chatty

    def _is_worth_showing(self, running: _Running, line: str) -> bool:
        """While everything stops, the complaints about it are for the logs."""
        return running.warnings.wants(line) and running.child.hush not in line and not self._stopping

    def _drain(self, running: _Running) -> None:
        while self._listen(running):
            pass
        if running.unfinished:
            self._show(running, running.unfinished.decode(errors="replace"))
            running.unfinished = b""

    def _obituary(self, running: _Running) -> str:
        code = running.process.returncode
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        lines = [f"“{running.child.name}” {how}."]
        if running.tail and not self._shows_all_of(running):
            lines += [f"The last lines of {running.log.name}:", *(f"    {line}" for line in running.tail)]
        return "\n".join(lines)

    # ------------------------------------------------------------ stopping

    def stop(self) -> None:
        """End every child: the site first, then what it talks to; kill what stays."""
        deadline = time.monotonic() + PATIENCE
        self._requests, self._stopping = 0, True
        site = [running for running in self._running if not running.child.stand_in]
        stand_ins = [running for running in self._running if running.child.stand_in]
        self._terminate(site, deadline - (PATIENCE - HEAD_START if stand_ins else 0))
        self._terminate(stand_ins, deadline)
        while not all(_has_ended(running) for running in self._running) and time.monotonic() < deadline:
            self._hear_out()
        for running in self._running:
            self._drain(running)
            self._reap(running)
        self._running.clear()

    def _terminate(self, group: list[_Running], deadline: float) -> None:
        for running in group:
            _signal_group(running, signal.SIGTERM)
        while not all(_has_ended(running) for running in group) and time.monotonic() < deadline:
            self._hear_out()

    def _hear_out(self) -> None:
        """Keep reading while children end; a second request to stop is not patient."""
        if self._requests:
            for running in self._running:
                _signal_group(running, signal.SIGKILL)
        for key, _ in self._selector.select(0.05):
            self._listen(key.data)
        if not self._selector.get_map():
            time.sleep(0.02)

    def _reap(self, running: _Running) -> None:
        """Kill what is left of the child's group, then forget the child.

        In this order: as long as the leader is not reaped its number, and so
        the group's, cannot belong to anybody else.
        """
        _signal_group(running, signal.SIGKILL)
        running.process.wait()
        pipe = running.process.stdout
        if pipe is not None and not pipe.closed:
            self._selector.unregister(pipe)
            pipe.close()
        running.log.close()


def _has_ended(running: _Running) -> bool:
    """Whether the child has ended, without reaping it."""
    if running.process.returncode is not None:
        return True
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    return os.waitid(os.P_PID, running.process.pid, flags) is not None


def _signal_group(running: _Running, number: signal.Signals) -> None:
    if running.process.returncode is not None:
        return
    try:
        os.killpg(running.process.pid, number)
    except ProcessLookupError:
        # The child has not reached its setsid() yet, or the group is gone.
        running.process.send_signal(number)
    except PermissionError as error:
        print(f"{running.child.name} (process {running.process.pid}): {error}", file=sys.stderr)
