"""After a restore: erase again whoever was erased since the backup was taken. Shows what it would do; --write does it.

Reads the list of erasures (ERASURES_FILE, or the files given), which stands outside of the database, and what the
database knows. Whoever contributed again after having been erased is left. Exit 1 if someone cannot be erased yet
(money of theirs moves in the restored database): run it again once that is settled.
"""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from home.models import Backer, Cooperative
from home.privacy import erasure_list, marks
from home.privacy.erasure_list import Line
from home.tenancy import across_cooperatives, within
from pledges import erasing


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("files", nargs="*", type=Path, help="lists to read (ERASURES_FILE unless said otherwise)")
        parser.add_argument("--write", action="store_true", help="erase them")

    def handle(self, *args: Any, **options: Any) -> None:
        erased, waiting = 0, 0
        for cooperative, latest in self._by_cooperative(self._lines(options["files"])):
            with within(cooperative):
                for backer in _found(cooperative, latest):
                    done = erasing.erase_silently(backer) if options["write"] else not erasing.reason_against(backer)
                    erased, waiting = erased + done, waiting + (not done)
                    if not done:
                        self.stderr.write(f"{cooperative.slug}: backer {backer.pk} cannot be erased yet.")
        said = "erased again" if options["write"] else "to erase again (--write does it)"
        self.stdout.write(f"{erased} {said}, {waiting} not yet.")
        if waiting:
            raise SystemExit(1)

    def _lines(self, files: list[Path]) -> list[Line]:
        lines: list[Line] = []
        for path in files or [settings.ERASURES_FILE]:
            try:
                lines += erasure_list.read(path)
            except FileNotFoundError as error:
                if files:
                    raise CommandError(f"There is no {path}.") from error
                self.stderr.write(f"There is no {path}: only what the database knows is applied.")
        with across_cooperatives():
            return [*lines, *erasure_list.in_database()]

    def _by_cooperative(self, lines: Iterable[Line]) -> Iterable[tuple[Cooperative, dict[str, datetime]]]:
        """The latest moment of each mark, by cooperative."""
        latest: dict[str, dict[str, datetime]] = {}
        for line in lines:
            known = latest.setdefault(line.cooperative, {})
            known[line.mark] = max(line.at, known.get(line.mark, line.at))
        found = Cooperative.objects.filter(slug__in=latest).select_related("site").order_by("pk")
        return [(cooperative, latest[cooperative.slug]) for cooperative in found]


def _found(cooperative: Cooperative, latest: dict[str, datetime]) -> list[Backer]:
    """Who is there again, and was there when they were erased."""
    rows = Backer.objects.filter(cooperative=cooperative, erased_at=None).select_related("cooperative")
    return [
        backer
        for backer in rows.iterator(1000)
        if (at := latest.get(marks.mark(cooperative, backer.email_key))) and backer.created_at <= at
    ]
