"""Events: every change of state writes one, with the object as it was, and what is to be sent."""

import json
import random
import time
from typing import Any

from . import API_VERSION, PLATFORM_ACCOUNT
from .clock import Clock
from .errors import Json
from .ids import new_id
from .store import Store, dumps

KEPT = 30 * 86400
"""`GET /v1/events` reaches back 30 days."""


class Events:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._endpoints: list[Json] | None = None
        self.loss: Json = {}
        self.random = random.Random()  # nosec B311 # when a webhook is lost is no secret
        store.on_reset.append(self.endpoints_changed)

    def endpoints_changed(self) -> None:
        self._endpoints = None

    def emit(
        self,
        account: str,
        kind: str,
        body: Json,
        previous: Json | None,
        request_id: str | None,
        key: str | None,
    ) -> None:
        """Write the event and one delivery per endpoint that listens, in the caller's transaction."""
        endpoints = self._listening(account, kind)
        data: Json = {"object": body}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Json = {
            "id": new_id("evt"), "object": "event", "api_version": API_VERSION, "context": None,
            "created": self._clock.now(), "data": data, "livemode": False,
            "pending_webhooks": len(endpoints),
            "request": {"id": request_id, "idempotency_key": key}, "type": kind,
        }  # fmt: skip
        if account != PLATFORM_ACCOUNT:
            event["account"] = account
        self._store.db.execute(
            "INSERT INTO events (id, account, type, created, object, body) VALUES (?,?,?,?,?,?)",
            (event["id"], account, kind, event["created"], body.get("id"), dumps(event)),
        )
        for endpoint in endpoints:
            self._plan(event["id"], endpoint)

    def _plan(self, event_id: str, endpoint: str) -> None:
        """One delivery; none when the ordered loss says so, two when it says double."""
        if self.random.random() < self.loss.get("drop", 0):
            return
        copies = 2 if self.random.random() < self.loss.get("double", 0) else 1
        for _ in range(copies):
            wait = self.loss.get("delay", 0.0)
            if self.loss.get("shuffle"):
                wait += self.random.random()
            self._store.db.execute(
                "INSERT INTO deliveries (event, endpoint, attempts, next_at, state) VALUES (?,?,0,?,'due')",
                (event_id, endpoint, time.time() + wait),
            )

    def _listening(self, account: str, kind: str) -> list[str]:
        if self._endpoints is None:
            self._endpoints = self._read_endpoints()
        mine = "platform" if account == PLATFORM_ACCOUNT else "connect"
        return [
            endpoint["id"]
            for endpoint in self._endpoints
            if mine in endpoint["scope"] and (endpoint["all"] or kind in endpoint["kinds"])
        ]

    def _read_endpoints(self) -> list[Json]:
        found = self._store.db.execute(
            "SELECT id, body, inner FROM objects WHERE account=? AND kind='webhook_endpoint' AND status='enabled'",
            (PLATFORM_ACCOUNT,),
        ).fetchall()
        return [_endpoint(*row) for row in found]

    def find(self, event_id: str, account: str) -> Json | None:
        found = self._store.db.execute(
            "SELECT body FROM events WHERE id=? AND account=?", (event_id, account)
        ).fetchone()
        return None if found is None else self.with_pending(json.loads(found[0]))

    def with_pending(self, event: Json) -> Json:
        """`pending_webhooks` counts what has not been answered with 2xx yet."""
        (waiting,) = self._store.db.execute(
            "SELECT count(*) FROM deliveries WHERE event=? AND state='due'", (event["id"],)
        ).fetchone()
        event["pending_webhooks"] = waiting
        return event


def _endpoint(object_id: str, body: str, inner: str) -> Json:
    kinds: list[Any] = json.loads(body)["enabled_events"]
    return {"id": object_id, "kinds": set(kinds), "all": "*" in kinds, "scope": json.loads(inner)["scope"]}
