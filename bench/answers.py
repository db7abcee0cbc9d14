"""Answers of an HTTP/1.1 server, put together from what a socket gives."""

from __future__ import annotations

from dataclasses import dataclass


class Broken(Exception):
    """This is no answer, or half of one."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; what is seldom looked at is parsed when it is."""

    status: int
    head: bytes
    body: bytes
    size: int
    closes: bool

    def header(self, name: str) -> str:
        """The first header of that name; empty if there is none."""
        return next((value for found, value in self._headers() if found == name.lower()), "")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that it sets, by name."""
        set_ones = [value.partition(";")[0] for name, value in self._headers() if name == "set-cookie"]
        return {name.strip(): value for name, _, value in (one.partition("=") for one in set_ones)}

    def _headers(self) -> list[tuple[str, str]]:
        lines = (line.partition(":") for line in self.head.decode("latin-1").split("\r\n")[1:])
        return [(name.lower(), value.strip()) for name, _, value in lines]


class Reader:
    """Fed with what a connection gives: an answer when it is whole. One request at a time, none of them HEAD."""

    __slots__ = ("_buffer", "_closes", "_start", "_total")

    def __init__(self) -> None:
        self._buffer = b""
        self._start = 0  # of the body; 0 while the head is not whole
        self._total = 0  # of the answer; 0 where it is not known beforehand
        self._closes = False

    @property
    def is_fresh(self) -> bool:
        """Whether nothing of an answer has come."""
        return not self._buffer

    def take(self, data: bytes) -> Answer | None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._start and not self._read_head():
            return None
        if self._total:
            return self._whole(self._buffer[self._start :]) if len(self._buffer) >= self._total else None
        if not self._buffer.endswith(b"0\r\n\r\n"):
            return None
        body = _unchunked(self._buffer, self._start)
        return None if body is None else self._whole(body)

    def ended(self) -> Answer:
        """The connection was closed, which ends an answer that gave no length."""
        if self._start and self._closes and not self._total and b"chunked" not in self._buffer[: self._start].lower():
            return self._whole(self._buffer[self._start :])
        raise Broken("the connection was closed")

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not self._buffer.startswith(b"HTTP/1."):
            raise Broken(f"not HTTP: {self._buffer[:40]!r}")
        self._start = end + 4
        head = self._buffer[: end + 2].lower()
        self._closes = b"\r\nconnection: close\r\n" in head or head.startswith(b"http/1.0")
        if (at := head.find(b"\r\ncontent-length:")) >= 0:
            self._total = self._start + int(head[at + 17 : head.index(b"\r\n", at + 2)])
        elif head[9:12] in (b"204", b"304"):
            self._total = self._start
        return True

    def _whole(self, body: bytes) -> Answer:
        buffer, start = self._buffer, self._start
        answer = Answer(int(buffer[9:12]), buffer[: start - 4], body, len(buffer), self._closes)
        self._buffer, self._start, self._total, self._closes = b"", 0, 0, False
        return answer


def _unchunked(buffer: bytes, at: int) -> bytes | None:
    """The body of chunks that begin at `at`; None while the last of them has not come."""
    parts: list[bytes] = []
    while (end := buffer.find(b"\r\n", at)) >= 0:
        size = int(buffer[at:end].partition(b";")[0], 16)
        if size == 0:
            return b"".join(parts) if buffer.endswith(b"\r\n\r\n") else None
        parts.append(buffer[end + 2 : end + 2 + size])
        at = end + 2 + size + 2
        if at > len(buffer):
            return None
    return None
