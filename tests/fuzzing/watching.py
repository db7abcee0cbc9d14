"""What a request changed: noted by triggers, so that what it undid itself counts for nothing."""

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import DataError, connection

#: Tables that any request may write to, and why.
MAY_CHANGE = {
    "django_session": "a visitor's session: language, messages, a log-in under way",
}


@contextlib.contextmanager
def watched() -> Iterator[Any]:
    """Gives a function that says which tables were changed since it was last asked."""
    if connection.vendor != "sqlite":
        yield lambda: set()
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE fuzz_changes (name TEXT)")
        tables = [name for name in connection.introspection.table_names(cursor) if not _is_index(name)]
        for number, name in enumerate(tables):
            for act in ("INSERT", "UPDATE", "DELETE"):
                cursor.execute(
                    f'CREATE TEMP TRIGGER fuzz_{number}_{act} AFTER {act} ON main."{name}" '
                    f"BEGIN INSERT INTO fuzz_changes VALUES ('{name}'); END"
                )

    def changed() -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT name FROM fuzz_changes")
            found = {name for (name,) in cursor.fetchall()}
            if found:
                cursor.execute("DELETE FROM fuzz_changes")
        return found - MAY_CHANGE.keys()

    try:
        yield changed
    finally:
        with connection.cursor() as cursor:
            for number, _name in enumerate(tables):
                for act in ("INSERT", "UPDATE", "DELETE"):
                    cursor.execute(f"DROP TRIGGER fuzz_{number}_{act}")
            cursor.execute("DROP TABLE fuzz_changes")


def _is_index(name: str) -> bool:
    """Of the full text search: virtual tables bear no triggers, and follow others."""
    return "fts" in name


@contextlib.contextmanager
def as_strict_as_postgresql() -> Iterator[None]:
    """What PostgreSQL refuses and SQLite takes: a NUL in a text."""

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        values = params.values() if isinstance(params, dict) else params or ()
        if any(isinstance(one, str) and "\0" in one for one in values):
            raise DataError("PostgreSQL text fields cannot contain NUL (0x00) bytes")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield
