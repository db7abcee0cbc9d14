"""The far ends that mail is measured against: they take everything, count it and do nothing else.

`python -m bench.sinks smtp|mailgun` runs one in a process of its own and prints the port it listens at. They are meant
to cost little, so that on two cores they are the limit of nothing: one loop, no parsing but of what is counted.
"""

from __future__ import annotations

import json
import selectors
import signal
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from sandbox.processes import dies_with_parent, stop

ROOT = Path(__file__).resolve().parent.parent
RECEIVED = 1 << 18
END_OF_DATA = b"\r\n.\r\n"
HELLO = b"250-sink\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SIZE 33554432\r\n"
QUEUED = json.dumps({"id": "<1@sink.example>", "message": "Queued. Thank you."}).encode()


class Count:
    """What every connection of a sink has taken."""

    def __init__(self) -> None:
        self.taken = 0


class Talk(ABC):
    """One connection's side of a conversation: bytes come, bytes go back."""

    greeting = b""

    def __init__(self, count: Count) -> None:
        self.count = count
        self.waiting = b""
        self.is_over = False

    @abstractmethod
    def hear(self, heard: bytes) -> bytes:
        """What is answered."""


class SmtpTalk(Talk):
    """Takes every recipient and every message. `XCOUNT` says how many recipients that was."""

    greeting = b"220 sink\r\n"

    def __init__(self, count: Count) -> None:
        super().__init__(count)
        self.in_data = False
        self.recipients = 0

    def hear(self, heard: bytes) -> bytes:
        self.waiting += heard
        said = b""
        while True:
            if self.in_data:
                end = self.waiting.find(END_OF_DATA)
                if end < 0:
                    return said
                self.waiting = self.waiting[end + len(END_OF_DATA) :]
                self.in_data = False
                self.count.taken += self.recipients
                self.recipients = 0
                said += b"250 taken\r\n"
            line, parted, rest = self.waiting.partition(b"\r\n")
            if not parted:
                return said
            self.waiting = rest
            said += self._answer(line[:4].upper())

    def _answer(self, word: bytes) -> bytes:
        if word == b"DATA":
            self.in_data = True
            return b"354 go on\r\n"
        if word == b"RCPT":
            self.recipients += 1
        if word == b"EHLO":
            return HELLO
        if word == b"XCOU":
            return b"250 %d\r\n" % self.count.taken
        self.is_over = word == b"QUIT"
        return b"221 bye\r\n" if self.is_over else b"250 ok\r\n"


class MailgunTalk(Talk):
    """Takes every call of Mailgun's API. `GET` says how many recipients that was."""

    def hear(self, heard: bytes) -> bytes:
        self.waiting += heard
        said = b""
        while (end := self.waiting.find(b"\r\n\r\n")) >= 0:
            head = self.waiting[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
            if len(self.waiting) < end + 4 + length:
                return said
            body = self.waiting[end + 4 : end + 4 + length]
            self.waiting = self.waiting[end + 4 + length :]
            if head.startswith(b"post"):
                self.count.taken += body.count(b"&to=") + body.startswith(b"to=")
            answer = QUEUED if head.startswith(b"post") else b"%d" % self.count.taken
            said += b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(answer)
            said += answer
        return said


TALKS: dict[str, Callable[[Count], Talk]] = {"smtp": SmtpTalk, "mailgun": MailgunTalk}


def serve(kind: str) -> None:
    """Until the process ends."""
    count, waits = Count(), selectors.DefaultSelector()
    listening = socket.create_server(("127.0.0.1", 0), backlog=64)
    waits.register(listening, selectors.EVENT_READ)
    print(listening.getsockname()[1], flush=True)
    while True:
        for key, _events in waits.select():
            if key.data is None:
                connection, _address = listening.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                talk = TALKS[kind](count)
                connection.sendall(talk.greeting)
                waits.register(connection, selectors.EVENT_READ, talk)
            elif not _goes_on(key.fileobj, key.data):  # type: ignore[arg-type]
                waits.unregister(key.fileobj)
                key.fileobj.close()  # type: ignore[union-attr]


def _goes_on(connection: socket.socket, talk: Talk) -> bool:
    try:
        heard = connection.recv(RECEIVED)
        if heard and (said := talk.hear(heard)):
            connection.sendall(said)
    except OSError:
        return False
    return bool(heard) and not talk.is_over


@contextmanager
def sink(kind: str) -> Iterator[int]:
    """One in a process of its own: its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.sinks", kind], cwd=ROOT, stdout=subprocess.PIPE, preexec_fn=dies_with_parent()
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        stop(process)


def taken_by_smtp(port: int) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(b"XCOUNT\r\n")
        with line.makefile("rb") as heard:
            heard.readline()
            return int(heard.readline().split()[1])


def taken_by_mailgun(port: int) -> int:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/")
        return int(connection.getresponse().read())
    finally:
        connection.close()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    serve(sys.argv[1])
