"""Idempotency keys, per account, as Stripe keeps them.

Same key and same request: the saved answer, 500s included, with `Idempotent-Replayed: true`. Other
endpoint or parameters: idempotency_error. Still running: 409. Forgotten after 24 hours of the clock.
"""

from hashlib import sha256
from typing import NamedTuple

from .clock import Clock
from .errors import Json, idempotency_in_use, idempotency_mismatch
from .store import Store, dumps

KEPT = 24 * 3600


class Saved(NamedTuple):
    status: int
    body: str
    request_id: str


class Idempotency:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._running: set[tuple[str, str]] = set()

    def begin(self, account: str, key: str, endpoint: str, raw: Json) -> Saved | None:
        """The saved answer, or None: then the key is held until `end`. Raises on misuse."""
        if (account, key) in self._running:
            raise idempotency_in_use(key)
        found = self._store.db.execute(
            "SELECT endpoint, fingerprint, status, body, request FROM idempotency"
            " WHERE account=? AND key=? AND created>?",
            (account, key, self._clock.now() - KEPT),
        ).fetchone()
        if found is None:
            self._running.add((account, key))
            return None
        if found[0] != endpoint:
            raise idempotency_mismatch(key, f"for the same endpoint ('{found[0]}')")
        if found[1] != _fingerprint(raw):
            raise idempotency_mismatch(key, "with the same parameters")
        return Saved(found[2], found[3], found[4])

    def save(self, account: str, key: str, endpoint: str, raw: Json, answer: Saved) -> None:
        """Keep the answer, in the transaction of the work it answers for."""
        self._store.db.execute(
            "INSERT OR REPLACE INTO idempotency (account, key, endpoint, fingerprint, request, status, body, created)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (
                account, key, endpoint, _fingerprint(raw), answer.request_id, answer.status, answer.body,
                self._clock.now(),
            ),
        )  # fmt: skip

    def end(self, account: str, key: str) -> None:
        self._running.discard((account, key))


def _fingerprint(raw: Json) -> str:
    return sha256(dumps(_sorted(raw)).encode()).hexdigest()


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return [[name, _sorted(value[name])] for name in sorted(value)]
    return value
