"""The state on disk: one SQLite file, one connection, one writer.

The server runs every request on one thread, so a request is one transaction and needs no lock.
WAL with synchronous=NORMAL survives a killed process without an fsync at each call.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from .errors import Json

_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, kind TEXT NOT NULL,
    created INTEGER NOT NULL, status TEXT, customer TEXT, intent TEXT, charge TEXT,
    body TEXT NOT NULL, inner TEXT);
CREATE INDEX IF NOT EXISTS objects_list ON objects (account, kind, created, seq);
CREATE INDEX IF NOT EXISTS objects_customer ON objects (customer, kind, created, seq) WHERE customer IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_intent ON objects (intent, kind, created, seq) WHERE intent IS NOT NULL;
CREATE INDEX IF NOT EXISTS objects_charge ON objects (charge, kind, created, seq) WHERE charge IS NOT NULL;
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, type TEXT NOT NULL,
    created INTEGER NOT NULL, object TEXT, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_list ON events (account, created, seq);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY, event TEXT NOT NULL, endpoint TEXT NOT NULL, attempts INTEGER NOT NULL,
    next_at REAL NOT NULL, state TEXT NOT NULL, answer TEXT);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (next_at) WHERE state = 'due';
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries (event);
CREATE TABLE IF NOT EXISTS idempotency (
    account TEXT NOT NULL, key TEXT NOT NULL, endpoint TEXT NOT NULL, fingerprint TEXT NOT NULL,
    request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL, created INTEGER NOT NULL,
    PRIMARY KEY (account, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, account TEXT NOT NULL, kind TEXT NOT NULL,
    amount INTEGER NOT NULL, currency TEXT NOT NULL, object TEXT NOT NULL, payment_intent TEXT,
    metadata TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS journal_account ON journal (account, seq);
CREATE TABLE IF NOT EXISTS due (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, task TEXT NOT NULL, object TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS due_at ON due (at, seq);
"""
_TABLES = ("meta", "objects", "events", "deliveries", "idempotency", "journal", "due")


class Row(NamedTuple):
    """An object as answered (`body`) and what only the sandbox knows of it (`inner`)."""

    account: str
    kind: str
    body: Json
    inner: Json


def dumps(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


class Store:
    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "temp_store=MEMORY"):
            self.db.execute(f"PRAGMA {pragma}")
        self.db.executescript(_SCHEMA)
        self.on_reset: list[Callable[[], None]] = []

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing; nested use joins the outer one."""
        if self.db.in_transaction:
            yield
            return
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def reset(self) -> None:
        with self.transaction():
            for table in _TABLES:
                self.db.execute(f"DELETE FROM {table}")
        for forget in self.on_reset:
            forget()

    def save(self, account: str, body: Json, inner: Json | None = None) -> None:
        """Insert or update. The columns beside the body are what lists filter by."""
        self.db.execute(
            "INSERT INTO objects (id, account, kind, created, status, customer, intent, charge, body, inner)"
            " VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET status=excluded.status,"
            " customer=excluded.customer, intent=excluded.intent, charge=excluded.charge,"
            " body=excluded.body, inner=coalesce(excluded.inner, inner)",
            (
                body["id"], account, body["object"], body.get("created", 0),
                "deleted" if body.get("deleted") else body.get("status"),
                body.get("customer"), body.get("payment_intent"),
                body.get("charge") or body.get("source") or body.get("fee"),
                dumps(body), None if inner is None else dumps(inner),
            ),
        )  # fmt: skip

    def find(self, object_id: str) -> Row | None:
        found = self.db.execute("SELECT account, kind, body, inner FROM objects WHERE id=?", (object_id,)).fetchone()
        if found is None:
            return None
        return Row(found[0], found[1], json.loads(found[2]), json.loads(found[3] or "{}"))

    def query(
        self, table: str, where: list[str], values: list[Any], limit: int, after: str | None, before: str | None
    ) -> tuple[list[Json], bool]:
        """A page, newest first, and whether there is more in the direction asked for."""
        where, values = list(where), list(values)
        direction, cursor = ("ASC", before) if before else ("DESC", after)
        if cursor:
            compare = ">" if before else "<"
            where.append(f"(created, seq) {compare} (SELECT created, seq FROM {table} WHERE id=?)")
            values.append(cursor)
        found = self.db.execute(
            f"SELECT body FROM {table} WHERE {' AND '.join(where)}"
            f" ORDER BY created {direction}, seq {direction} LIMIT ?",
            (*values, limit + 1),
        ).fetchall()
        page = [json.loads(body) for (body,) in found[:limit]]
        return (page[::-1] if before else page), len(found) > limit

    def meta(self, key: str, default: str) -> str:
        found = self.db.execute("SELECT value FROM meta WHERE key=?", (key,)).fetchone()
        return default if found is None else str(found[0])

    def set_meta(self, key: str, value: str) -> None:
        self.db.execute("INSERT OR REPLACE INTO meta VALUES (?,?)", (key, value))
