"""The messages, in one SQLite file: what was accepted is there after a restart."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.mail.reading import read

SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at TEXT NOT NULL,
    envelope_from TEXT NOT NULL,
    envelope_to TEXT NOT NULL,
    document TEXT NOT NULL,
    raw BLOB NOT NULL
)
"""


@dataclass(frozen=True)
class Search:
    """Which messages: each text is looked for anywhere, in any case, and all must match."""

    to: str = ""
    subject: str = ""
    since_id: int = 0
    before_id: int | None = None


class Store:
    """Opened by one process only; numbers are never given twice, even after `clear`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.row_factory = sqlite3.Row
        self._database.create_function("holds", 2, _holds, deterministic=True)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.execute(SCHEMA)

    def add(self, raw: bytes, envelope_from: str, envelope_to: list[str]) -> int:
        """Keep one message and return its number."""
        row = self._database.execute(
            "INSERT INTO message (received_at, envelope_from, envelope_to, document, raw) VALUES (?, ?, ?, ?, ?)",
            (
                datetime.now(UTC).isoformat(timespec="milliseconds"),
                envelope_from,
                json.dumps(envelope_to),
                json.dumps(read(raw).as_json(), ensure_ascii=False),
                raw,
            ),
        )
        return int(row.lastrowid or 0)

    def find(self, search: Search, limit: int = -1, newest_first: bool = False) -> list[dict[str, Any]]:
        """The matching messages as the JSON interface shows them."""
        rows = self._database.execute(
            "SELECT id, received_at, envelope_from, envelope_to, document FROM message"
            " WHERE id > :since AND (:before IS NULL OR id < :before)"
            " AND (:to = '' OR holds(envelope_to, :to) OR holds(document ->> 'to', :to))"
            " AND (:subject = '' OR holds(document ->> 'subject', :subject))"
            f" ORDER BY id {'DESC' if newest_first else 'ASC'} LIMIT :limit",
            {
                "since": search.since_id,
                "before": search.before_id,
                "to": search.to.strip(),
                "subject": search.subject.strip(),
                "limit": limit,
            },
        )
        return [_as_json(row) for row in rows]

    def get(self, number: int) -> dict[str, Any] | None:
        row = self._database.execute("SELECT * FROM message WHERE id = ?", (number,)).fetchone()
        return _as_json(row) if row else None

    def raw(self, number: int) -> bytes | None:
        row = self._database.execute("SELECT raw FROM message WHERE id = ?", (number,)).fetchone()
        return bytes(row["raw"]) if row else None

    def count(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM message").fetchone()[0])

    def clear(self) -> int:
        """Forget every message and return how many there were."""
        return self._database.execute("DELETE FROM message").rowcount

    def close(self) -> None:
        self._database.close()


def _holds(text: str | None, part: str) -> bool:
    return part.casefold() in (text or "").casefold()


def _as_json(row: sqlite3.Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "received_at": row["received_at"],
        "envelope_from": row["envelope_from"],
        "envelope_to": json.loads(row["envelope_to"]),
        **json.loads(row["document"]),
    }
