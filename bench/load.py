"""Many clients of a server on loopback, in one process that takes little from the cores it shares with the server.

`load(port, story, clients=8, seconds=5)` keeps `clients` connections open (HTTP/1.1, kept alive), each asking one thing
after the other, and says what it measured. What a client asks is a story: a generator that yields requests and is sent
their answers, so that each client has its own state (a cookie, a token, the number of its next pledge):

    def story(client: int) -> Story:
        page = yield aside(get("/fr/", host))       # is asked, but not counted
        while True:
            yield post("/fr/…", host, form={"token": token_of(page.body)}, cookies=page.cookies)

A client whose story ends stops; a run ends after so many seconds or requests, or when all stories did. An answer that
is neither 2xx nor 3xx nor one of `also` is an error, and a run with errors raises: a server that refuses is quick.
Redirects are not followed. Ask the same thing over and over with `repeat(get("/fr/", host))`.
"""

from __future__ import annotations

import resource
import select
import socket
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.answers import Answer, Broken, Reader

Story = Generator[bytes, Answer, None]

_READ = select.POLLIN | select.POLLHUP | select.POLLERR
_RECEIVE = 1 << 18
_PATIENCE = 60.0


class LoadFailed(Exception):
    """Answers came that must not come, or none came; the text says which."""


class _Aside(bytes):
    """A request that is asked for the sake of the next one, and counted nowhere."""


def aside(request: bytes) -> bytes:
    return _Aside(request)


def get(
    path: str, host: str, headers: Mapping[str, str] | None = None, cookies: Mapping[str, str] | None = None
) -> bytes:
    return _head("GET", path, host, headers, cookies) + b"\r\n"


def post(
    path: str,
    host: str,
    form: Mapping[str, object] | bytes,
    headers: Mapping[str, str] | None = None,
    cookies: Mapping[str, str] | None = None,
) -> bytes:
    """A form, or a body of any kind whose `Content-Type` is among the headers."""
    body = form if isinstance(form, bytes) else urlencode(form, doseq=True).encode()
    said = (
        {"Content-Type": "application/x-www-form-urlencoded"} | dict(headers or {}) | {"Content-Length": str(len(body))}
    )
    return _head("POST", path, host, said, cookies) + b"\r\n" + body


def _head(
    method: str, path: str, host: str, headers: Mapping[str, str] | None, cookies: Mapping[str, str] | None
) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", *(f"{name}: {it}" for name, it in (headers or {}).items())]
    if cookies:
        lines.append("Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items()))
    return "\r\n".join([*lines, ""]).encode()


def repeat(request: bytes) -> Callable[[int], Story]:
    """The story of clients that ask the same thing for as long as they are let."""

    def story(_client: int) -> Story:
        while True:
            yield request

    return story


@dataclass
class Load:
    """What a run measured. `cpu_ms` is what the clients themselves took for a request: it must stay small."""

    requests: int = 0
    seconds: float = 0.0
    bytes: int = 0
    cpu_ms: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list, repr=False)
    errors: list[str] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0

    def percentile_ms(self, share: float) -> float:
        """The latency that this share of the requests did not exceed."""
        if not self.latencies:
            return 0.0
        ordered = sorted(self.latencies)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    @property
    def reading(self) -> dict[str, float]:
        """As a contender gives it back."""
        return {
            "per_second": self.per_second,
            "p50_ms": self.percentile_ms(0.5),
            "p99_ms": self.percentile_ms(0.99),
            "bytes": float(self.bytes),
            "errors": float(len(self.errors)),
        }


def load(
    port: int,
    story: Callable[[int], Story],
    *,
    clients: int = 8,
    seconds: float | None = None,
    requests: int | None = None,
    also: frozenset[int] = frozenset(),
    forgiving: bool = False,
) -> Load:
    """Run `clients` stories against 127.0.0.1:`port`, for so long or until so many requests were counted.

    LoadFailed if an answer was an error, unless `forgiving`; then `errors` holds them.
    """
    run = _Run(port, seconds, requests, also)
    before, begun = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    run.go([_Client(run, story(number)) for number in range(clients)])
    run.found.seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_SELF)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    run.found.cpu_ms = 1000 * spent / max(1, run.found.requests)
    if run.found.errors and not forgiving:
        raise LoadFailed(f"{len(run.found.errors)} errors; the first: {run.found.errors[0]}")
    return run.found


class _Run:
    """The clients of one run, and the loop that wakes them."""

    def __init__(self, port: int, seconds: float | None, requests: int | None, also: frozenset[int]) -> None:
        self.address = ("127.0.0.1", port)
        self.left = requests if requests is not None else -1
        self.until = time.perf_counter() + seconds if seconds is not None else float("inf")
        self.also = also
        self.found = Load()
        self.poll = select.poll()
        self.waiting: dict[int, _Client] = {}

    def go(self, clients: list[_Client]) -> None:
        for client in clients:
            client.begin()
        waiting, poll = self.waiting, self.poll.poll
        while waiting:
            events = poll(_PATIENCE * 1000)
            if not events:
                raise LoadFailed(f"{len(waiting)} clients had no answer for {_PATIENCE:.0f} s.")
            for descriptor, _event in events:
                waiting[descriptor].wake()

    def may_ask(self, counted: bool) -> bool:
        """Whether one more request is within what was asked for; counts it."""
        if time.perf_counter() >= self.until or self.left == 0:
            return False
        self.left -= counted
        return True

    def note(self, answer: Answer, took: float) -> None:
        found = self.found
        found.requests += 1
        found.bytes += answer.size
        found.statuses[answer.status] += 1
        found.latencies.append(took)

    def check(self, answer: Answer, request: bytes) -> None:
        if not (200 <= answer.status < 400 or answer.status in self.also):
            asked = request.split(b"\r\n", 1)[0].decode()
            self.found.errors.append(f"{answer.status} to {asked}: {answer.body[:300]!r}")


class _Client:
    """One connection and the story that is told over it."""

    __slots__ = ("asked_at", "kept", "reader", "request", "run", "socket", "story")

    def __init__(self, run: _Run, story: Story) -> None:
        self.run, self.story = run, story
        self.reader = Reader()
        self.request = b""
        self.socket: socket.socket | None = None
        self.asked_at = 0.0
        self.kept = False

    def begin(self) -> None:
        self._ask(next(self.story, None))

    def wake(self) -> None:
        assert self.socket is not None
        try:
            data = self.socket.recv(_RECEIVE)
            answer = self.reader.take(data) if data else self.reader.ended()
        except (OSError, Broken) as broken:
            self._lost(str(broken))
            return
        if answer is not None:
            self._answered(answer)

    def _answered(self, answer: Answer) -> None:
        run, request = self.run, self.request
        if type(request) is not _Aside:
            run.note(answer, time.perf_counter() - self.asked_at)
        run.check(answer, request)
        self.kept = True
        if answer.closes:
            self._close()
        try:
            following = self.story.send(answer)
        except StopIteration:
            following = None
        self._ask(following)

    def _ask(self, request: bytes | None) -> None:
        if request is None or not self.run.may_ask(type(request) is not _Aside):
            self._close()
            return
        self.request = request
        self.asked_at = time.perf_counter()
        self._send()

    def _send(self) -> None:
        try:
            (self.socket or self._connect()).sendall(self.request)
        except OSError as broken:
            self._lost(str(broken))

    def _connect(self) -> socket.socket:
        self.kept = False
        self.socket = made = socket.create_connection(self.run.address, timeout=_PATIENCE)
        made.settimeout(None)  # it is read when there is something to read; a timeout would cost a call each time
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.run.waiting[made.fileno()] = self
        self.run.poll.register(made, _READ)
        return made

    def _lost(self, why: str) -> None:
        """A kept connection may be closed between two requests: what only reads is asked anew, once."""
        again = self.kept and self.reader.is_fresh and self.request.startswith(b"GET ")
        self._close()
        if again:
            self._send()
        else:
            self.run.found.errors.append(f"No answer to {self.request.split(b' HTTP', 1)[0].decode()}: {why}")

    def _close(self) -> None:
        self.reader = Reader()
        if self.socket is not None:
            self.run.poll.unregister(self.socket)
            del self.run.waiting[self.socket.fileno()]
            self.socket.close()
            self.socket = None
