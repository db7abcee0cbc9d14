"""The list of erasures that stands outside of the database, so that a restore does not bring anyone back.

A line for each (JSON): the cooperative, the mark of the address, the moment. It says who was erased to nobody who has
not the address and SUPPRESSION_KEY both. `manage.py erase_again` reads it after a restore.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from home import clock
from home.models import Erasure

#: Only its owner reads it.
OWN = 0o600


@dataclass(frozen=True)
class Line:
    """`cooperative` is its short name."""

    cooperative: str
    mark: str
    at: datetime


def add(rows: Iterable[Erasure]) -> int:
    """A line for each of these rows; on the disk before the rows say so. A row may be added twice."""
    listed = list(rows)
    if not listed:
        return 0
    lines = [{"cooperative": row.cooperative.slug, "mark": row.mark, "at": row.at.isoformat()} for row in listed]
    _append("".join(json.dumps(line, sort_keys=True) + "\n" for line in lines))
    Erasure.objects.filter(pk__in=[row.pk for row in listed]).update(listed_at=clock.now())
    return len(listed)


def _append(text: str) -> None:
    path: Path = settings.ERASURES_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, OWN), "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def read(path: Path) -> Iterator[Line]:
    """The lines of a list; one that a full disk cut short is passed over. Raises OSError where there is no file."""
    for text in path.read_text(encoding="utf-8").splitlines():
        try:
            said = json.loads(text)
            yield Line(said["cooperative"], said["mark"], datetime.fromisoformat(said["at"]))
        except (ValueError, KeyError, TypeError):
            continue


def in_database() -> Iterator[Line]:
    """What the database itself knows of, as after a restore of a younger backup."""
    for row in Erasure.objects.select_related("cooperative").order_by("pk"):
        yield Line(row.cooperative.slug, row.mark, row.at)
