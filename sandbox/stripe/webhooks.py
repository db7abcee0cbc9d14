"""The sender: signed POSTs, at least once, retried with growing waits until 2xx or three days later.

What is still to be sent is on disk, so a restart goes on where it stopped.
"""

import asyncio
import hmac
import json
import time
from functools import partial
from hashlib import sha256
from typing import NamedTuple
from urllib.parse import urlsplit

from .world import World

GIVE_UP = 3 * 86400
LONGEST_WAIT = 30.0
AT_ONCE = 8
TIMEOUT = 20.0


class Delivery(NamedTuple):
    seq: int
    attempts: int
    payload: str
    url: str | None
    secret: str


def signature(secret: str, payload: str, moment: int) -> str:
    """The `Stripe-Signature` header: HMAC-SHA256 of `t.payload`, as the package checks it."""
    digest = hmac.new(secret.encode(), f"{moment}.{payload}".encode(), sha256).hexdigest()
    return f"t={moment},v1={digest}"


async def post(url: str, payload: str, header: str) -> str:
    """One POST; the answer's status, or what went wrong. Redirects are not followed."""
    try:
        async with asyncio.timeout(TIMEOUT):
            return await _exchange(url, payload.encode(), header)
    except (OSError, asyncio.IncompleteReadError, ValueError) as error:
        return f"{type(error).__name__}: {error}"


async def _exchange(url: str, payload: bytes, header: str) -> str:
    """HTTP/1.1 in the little that is needed, so that a deaf endpoint never keeps the server from stopping."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    if host.endswith(".localhost"):
        host = "127.0.0.1"  # not every resolver knows *.localhost
    reader, writer = await asyncio.open_connection(host, parts.port or (443 if secure else 80), ssl=secure or None)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    head = (
        f"POST {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
        f"Content-Type: application/json; charset=utf-8\r\nContent-Length: {len(payload)}\r\n"
        f"Stripe-Signature: {header}\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n\r\n"
    )
    try:
        writer.write(head.encode() + payload)
        await writer.drain()
        words = (await reader.readline()).decode("latin-1").split()
        if len(words) < 2 or not words[0].startswith("HTTP/1."):
            return "no HTTP answer"
        await reader.read()
        return words[1]
    finally:
        writer.close()


class Sender:
    def __init__(self, world: World) -> None:
        self._world = world
        self._flying: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        while True:
            due = self._due()
            for delivery in due:
                task = asyncio.create_task(self._send(delivery))
                self._flying[delivery.seq] = task
                task.add_done_callback(partial(self._landed, delivery.seq))
            await asyncio.sleep(0.01 if due else 0.05)

    def _landed(self, seq: int, task: "asyncio.Task[None]") -> None:
        del self._flying[seq]
        if not task.cancelled():
            task.result()

    def close(self) -> None:
        """What is under way is sent again at the next start: at least once, not exactly once."""
        for task in self._flying.values():
            task.cancel()

    def _due(self) -> list[Delivery]:
        free = AT_ONCE - len(self._flying)
        if free <= 0:
            return []
        found = self._world.store.db.execute(
            "SELECT d.seq, d.attempts, e.body, o.body, o.inner FROM deliveries d JOIN events e ON e.id=d.event"
            " LEFT JOIN objects o ON o.id=d.endpoint AND o.status='enabled'"
            " WHERE d.state='due' AND d.next_at<=? ORDER BY d.next_at, d.seq LIMIT ?",
            (time.time(), AT_ONCE * 2),
        ).fetchall()
        waiting = [_delivery(*row) for row in found if row[0] not in self._flying]
        return waiting[:free]

    async def _send(self, delivery: Delivery) -> None:
        if delivery.url is None:
            self._record(delivery, "failed", "endpoint deleted")
            return
        header = signature(delivery.secret, delivery.payload, int(time.time()))
        answer = await post(delivery.url, delivery.payload, header)
        if answer.isdigit() and 200 <= int(answer) < 300:
            self._record(delivery, "sent", answer)
        elif self._world.clock.now() > json.loads(delivery.payload)["created"] + GIVE_UP:
            self._record(delivery, "failed", answer)
        else:
            self._record(delivery, "due", answer)

    def _record(self, delivery: Delivery, state: str, answer: str) -> None:
        """State and, if it is to be tried again, when: after 1 s, 2 s, 4 s … at most 30 s."""
        wait = min(2.0**delivery.attempts, LONGEST_WAIT)
        with self._world.store.transaction():
            self._world.store.db.execute(
                "UPDATE deliveries SET attempts=attempts+1, state=?, answer=?, next_at=? WHERE seq=?",
                (state, answer, time.time() + wait, delivery.seq),
            )


def _delivery(seq: int, attempts: int, payload: str, endpoint: str | None, inner: str | None) -> Delivery:
    if endpoint is None or inner is None:
        return Delivery(seq, attempts, payload, None, "")
    return Delivery(seq, attempts, payload, json.loads(endpoint)["url"], json.loads(inner)["secret"])
