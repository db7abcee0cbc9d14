"""The folder of backups: one folder a backup, named by its moment, and the contents of media that all of them share.

    2026-11-28T235840Z/    a whole backup: database, media.jsonl, manifest.json, manifest.sha256
    objects/ab/ab12…       contents of media, each once, named by its SHA-256
    .unfinished-…/         one that is being made, or that died: never read, removed by the next

What happens when the process dies: before the rename, there is no backup of that name; the rename is the moment at
which it is whole, and all of it lies on the disk by then. While an old one is removed: it lost its name first.
One process at a time holds the folder.
"""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

from home.backups.manifest import BackupRefused

UNFINISHED, REMOVING = ".unfinished-", ".removing-"
FORMAT = "%Y-%m-%dT%H%M%SZ"
NAMED = re.compile(r"^\d{4}-\d{2}-\d{2}T\d{6}Z$")
OWN = 0o700


class Place:
    """A folder of backups. Only its owner reads it: it holds names and addresses."""

    def __init__(self, root: Path) -> None:
        self.root, self.objects = root, root / "objects"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make it if need be, and have it alone; what died in it is removed. Raises BackupRefused."""
        self.root.mkdir(mode=OWN, parents=True, exist_ok=True)
        self.objects.mkdir(mode=OWN, exist_ok=True)
        with (self.root / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise BackupRefused(f"Another process is at work in {self.root}.") from error
            for dead in [*self.root.glob(f"{UNFINISHED}*"), *self.root.glob(f"{REMOVING}*")]:
                shutil.rmtree(dead)
            yield

    def names(self) -> list[str]:
        """Whole backups, oldest first."""
        if not self.root.is_dir():
            return []
        return sorted(path.name for path in self.root.iterdir() if NAMED.match(path.name) and path.is_dir())

    def chosen(self, name: str = "") -> Path:
        """The backup of this name, else the latest. Raises BackupRefused."""
        names = self.names()
        if not names or (name and name not in names):
            raise BackupRefused(f"There is no whole backup{f' called {name}' if name else ''} in {self.root}.")
        return self.root / (name or names[-1])

    def begin(self, at: datetime) -> Path:
        """An unfinished one, named by its moment. Raises BackupRefused where that name is taken."""
        name = at.astimezone(UTC).strftime(FORMAT)
        if (self.root / name).exists():
            raise BackupRefused(f"There is a backup called {name} already.")
        folder = self.root / f"{UNFINISHED}{name}"
        folder.mkdir(mode=OWN)
        return folder

    def finish(self, folder: Path) -> Path:
        """On the disk first, then under its own name."""
        for path in folder.iterdir():
            to_disk(path)
        to_disk(folder)
        to_disk(self.objects)
        whole = self.root / folder.name.removeprefix(UNFINISHED)
        folder.rename(whole)
        to_disk(self.root)
        return whole

    def remove(self, name: str) -> None:
        gone = self.root / f"{REMOVING}{name}"
        (self.root / name).rename(gone)
        to_disk(self.root)
        shutil.rmtree(gone)


def to_disk(path: Path) -> None:
    """Not only to the system's memory: a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _week(moment: datetime) -> tuple[int, int]:
    year, week, _day = moment.isocalendar()
    return year, week


def to_remove(names: list[str], daily: int, weekly: int) -> list[str]:
    """Which to let go: kept are the latest of each of the last days and weeks that have one, and always the latest."""
    moments = {name: datetime.strptime(name, FORMAT).replace(tzinfo=UTC) for name in names}
    days: set[date] = set()
    weeks: set[tuple[int, int]] = set()
    kept = set(names[-1:])
    for name in reversed(names):
        day, week = moments[name].date(), _week(moments[name])
        if day not in days and len(days) < daily:
            days.add(day)
            kept.add(name)
        if week not in weeks and len(weeks) < weekly:
            weeks.add(week)
            kept.add(name)
    return [name for name in names if name not in kept]
