"""The triggers that tally, written from the rules; installed after every `migrate` and whenever the rules change.

They are no part of a migration: SQLite drops a table's triggers when a later migration makes it anew, and rules that
change must be told to a database whose migrations have run. What is installed says which rules it was written from;
others are replaced in one transaction, in which all is counted again (pledges.tallies.recounting).
"""

from hashlib import sha256
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from pledges.tallies.kinds import DIALECTS
from pledges.tallies.rules import Rule, rules

#: Named by what it was written from, and does nothing.
MARK = "tally_rules"


def install(using: str = DEFAULT_DB_ALIAS, *, anew: bool = False) -> bool:
    """Make the database tally by these rules. True if it did not yet (or `anew`): then all was counted again."""
    from pledges.tallies import recounting  # noqa: PLC0415 (it reads what is installed here)

    connection = connections[using]
    statements = _statements(connection.vendor)
    version = sha256("\n".join(statements).encode()).hexdigest()[:16]
    with transaction.atomic(using), connection.cursor() as cursor:
        if version in _installed(connection, cursor) and not anew:
            return False
        _drop(connection, cursor)
        for statement in [*statements, _mark(connection.vendor, version)]:
            cursor.execute(statement)
        recounting.fill(cursor, DIALECTS[connection.vendor])
    return True


def drop(using: str = DEFAULT_DB_ALIAS) -> None:
    """Before tables that the triggers name are made anew, or go."""
    connection = connections[using]
    with transaction.atomic(using), connection.cursor() as cursor:
        _drop(connection, cursor)


def _statements(vendor: str) -> list[str]:
    written = _as_postgresql if vendor == "postgresql" else _as_sqlite
    return [statement for rule in rules(DIALECTS[vendor]) for statement in written(rule)]


def _event(rule: Rule) -> str:
    columns = f" OF {', '.join(rule.columns)}" if rule.event == "UPDATE" else ""
    return f"AFTER {rule.event}{columns} ON {rule.table} FOR EACH ROW"


def _as_postgresql(rule: Rule) -> list[str]:
    function = f"{rule.table}_{rule.name}"
    body = "".join(f"{statement};\n" for statement in rule.statements)
    if rule.guard:
        body = f"IF {rule.guard} THEN\n{body}END IF;\n"
    when = f" WHEN ({rule.when})" if rule.when else ""
    return [
        # A connection keeps the plans of a function. One that is made while a table is small reads it from end to end,
        # and a launch would do so with each pledge until the statistics follow: never without an index.
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off "
        f"AS $$\nBEGIN\n{body}RETURN NULL;\nEND $$",
        f"CREATE TRIGGER {rule.name} {_event(rule)}{when} EXECUTE FUNCTION {function}()",
    ]


def _as_sqlite(rule: Rule) -> list[str]:
    when = " AND ".join(f"({one})" for one in (rule.when, rule.guard) if one)
    body = "".join(f"{statement};\n" for statement in rule.statements)
    # The latest made runs first, whatever SQLite promises: each rule stands alone there, as the writer does.
    return [f"CREATE TRIGGER {_sqlite_name(rule)} {_event(rule)}{f' WHEN {when}' if when else ''} BEGIN\n{body}END"]


def _sqlite_name(rule: Rule) -> str:
    """Names of triggers are the whole database's there."""
    return f"{rule.name}_{rule.table}"


def _mark(vendor: str, version: str) -> str:
    name = f"{MARK}_{version}"
    if vendor == "postgresql":
        return f"CREATE FUNCTION {name}() RETURNS void LANGUAGE sql AS ''"
    return f"CREATE TRIGGER {name} AFTER DELETE ON pledges_tally WHEN FALSE BEGIN SELECT 1; END"


def _installed(connection: BaseDatabaseWrapper, cursor: Any) -> set[str]:
    """The versions of rules that the database tallies by."""
    if connection.vendor == "postgresql":
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE proname LIKE %s AND pronamespace = current_schema()::regnamespace",
            [f"{MARK}\\_%"],
        )
    else:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s", [f"{MARK}_%"])
    return {str(name).removeprefix(f"{MARK}_") for (name,) in cursor.fetchall()}


def _drop(connection: BaseDatabaseWrapper, cursor: Any) -> None:
    if connection.vendor == "postgresql":
        cursor.execute(
            "SELECT proname FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
            r"AND (proname LIKE 'tally\_rules\_%' OR proname LIKE 'pledges\_%\_tally\_%' "
            r"OR proname LIKE 'campaigns\_%\_tally\_%')"
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'DROP FUNCTION IF EXISTS "{name}" CASCADE')
        return
    cursor.execute(r"SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'tally\_%' ESCAPE '\'")
    for (name,) in cursor.fetchall():
        cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"')
