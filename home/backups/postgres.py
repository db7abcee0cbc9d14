"""PostgreSQL: dumped by pg_dump in one snapshot while it is written to, put back by pg_restore.

What happens when the process dies while it is put back: nothing works before the tables are there; from then on the
first row that there is says that the installation is held, and each section of rows, then of keys and triggers, is one
transaction. Put back again, with `--replace`.
"""

import os
import subprocess
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from home.backups.manifest import BackupRefused

FILE = "database.dump"
ENGINE = "postgresql"
#: So far ahead numbers go on: none that was given after the backup, and is lost, is given to something else.
GAP = 1_000_000

#: What is in the way of a restoration: anybody's connection but our own.
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""
TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
AHEAD = """
    SELECT setval(format('%%I.%%I', schemaname, sequencename)::regclass, least(last_value + %s, max_value))
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


def dump(folder: Path) -> tuple[Path, list[str]]:
    """The file, and the migrations that it has: both of one snapshot."""
    path = folder / FILE
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        [[snapshot]] = cursor.fetchall()
        cursor.execute("SELECT app || '.' || name FROM django_migrations ORDER BY id")
        applied = [name for (name,) in cursor.fetchall()]
        _run(
            "pg_dump",
            *("--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={path}"),
        )
    return path, applied


def version() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return str(cursor.fetchall()[0][0])


def is_empty() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return bool(cursor.fetchall()[0][0] == 0)


def load(file: Path, mark: tuple[str, list[Any]]) -> None:
    """Put it in place of the database. `mark`: the statement that says it is held. Raises BackupRefused."""
    with connection.cursor() as cursor:
        cursor.execute(OTHERS)
        if others := cursor.fetchall()[0][0]:
            raise BackupRefused(f"{others} other connections to the database: stop web, worker and tick first.")
        with transaction.atomic():
            cursor.execute("DROP SCHEMA public CASCADE")
            cursor.execute("CREATE SCHEMA public")
    _restore(file, "pre-data")
    with connection.cursor() as cursor:
        cursor.execute(*mark)
    _restore(file, "data")
    _restore(file, "post-data")


def go_on_from_afar() -> None:
    """Each table's numbers go on ahead of what was given and lost; statistics are made, or plans take seconds."""
    with connection.cursor() as cursor:
        cursor.execute(AHEAD, [GAP])
        cursor.execute("ANALYZE")


def _restore(file: Path, section: str) -> None:
    options = ("--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", f"--section={section}")
    _run("pg_restore", *options, f"--dbname={connection.settings_dict['NAME']}", str(file))


def _run(program: str, *options: str) -> None:
    """By the settings' own server and user; the password never stands among the arguments. Raises BackupRefused."""
    told = connection.settings_dict
    names = {"PGDATABASE": "NAME", "PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD"}
    given = {name: str(told[key]) for name, key in names.items() if told.get(key)}
    try:
        done = subprocess.run([program, *options], env=os.environ | given, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise BackupRefused(f"{program} is not installed: it comes with PostgreSQL's client.") from error
    if done.returncode:
        raise BackupRefused(f"{program} failed: {done.stderr.strip()}")
