"""SQLite: copied by its online backup API while it is written to; put back by renaming a whole file into place.

What happens when the process dies while it is put back: until the rename the former database is untouched; from the
rename on the new one is there, held, as the row that says so was written into it before.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection

from home.backups.manifest import BackupRefused
from home.backups.places import to_disk

FILE = "database.sqlite3"
ENGINE = "sqlite"
#: So far ahead numbers go on: none that was given after the backup, and is lost, is given to something else.
GAP = 1_000_000


def dump(folder: Path) -> tuple[Path, list[str]]:
    """The file, and the migrations that it has."""
    path = folder / FILE
    with closing(sqlite3.connect(_place())) as rows, closing(sqlite3.connect(path)) as copy:
        rows.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        [[state]] = copy.execute("PRAGMA quick_check").fetchall()
        if state != "ok":
            raise BackupRefused(f"The database is damaged: {state}")
        applied = copy.execute("SELECT app, name FROM django_migrations ORDER BY id").fetchall()
    return path, [f"{app}.{name}" for app, name in applied]


def version() -> str:
    return sqlite3.sqlite_version


def _place() -> Path:
    return Path(str(connection.settings_dict["NAME"]))


def is_empty() -> bool:
    place = _place()
    if not place.exists():
        return True
    with closing(sqlite3.connect(place)) as rows:
        return not rows.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()


def load(file: Path, mark: tuple[str, list[Any]]) -> None:
    """Put it in place of the database. `mark`: the statement that says it is held. Raises BackupRefused."""
    place = _place()
    connection.close()
    place.parent.mkdir(parents=True, exist_ok=True)
    coming = place.with_name(f".{place.name}.coming")
    shutil.copyfile(file, coming)
    with closing(sqlite3.connect(coming)) as rows:
        sql, values = mark
        with rows:
            rows.execute(sql.replace("%s", "?"), [str(value) for value in values])
            rows.execute("UPDATE sqlite_sequence SET seq = seq + ?", [GAP])
    to_disk(coming)
    _end_log(place)
    os.replace(coming, place)
    to_disk(place.parent)


def _end_log(place: Path) -> None:
    """What the former database has in its log belongs to it alone. Raises BackupRefused while somebody has it open."""
    if not place.exists():
        return
    with closing(sqlite3.connect(place, timeout=2)) as former:
        try:
            [[mode]] = former.execute("PRAGMA journal_mode=DELETE").fetchall()
        except sqlite3.OperationalError as error:
            raise BackupRefused(f"Another process has {place} open: stop web, worker and tick first.") from error
    if mode != "delete":
        raise BackupRefused(f"Another process has {place} open: stop web, worker and tick first.")


def go_on_from_afar() -> None:
    """Done by `load`, before anybody can see the database."""
