"""Back up database and media, or check a backup."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from home.backups import taking
from home.backups.manifest import BackupRefused, Manifest
from home.backups.taking import Keep


class Command(BaseCommand):
    help = "Takes a backup of database and media into FOLDER, while the site runs; --check reads one instead."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER")
        parser.add_argument("--keep-daily", type=int, default=7, metavar="N", help="days whose latest is kept (7)")
        parser.add_argument("--keep-weekly", type=int, default=5, metavar="N", help="weeks whose latest is kept (5)")
        parser.add_argument("--check", nargs="?", const="", metavar="NAME", help="read it whole (the latest one)")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["check"] is not None:
                self.stdout.write(f"{_line(taking.check(options['folder'], options['check']))}: whole.")
                return
            taken = taking.take(options["folder"], Keep(options["keep_daily"], options["keep_weekly"]))
        except BackupRefused as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{_line(taken.manifest)}: taken.")
        for name in taken.removed:
            self.stdout.write(f"{name}: let go.")


def _line(made: Manifest) -> str:
    media = f"media in the bucket {made.bucket}" if made.bucket else f"{made.media_files} media files"
    return f"{made.name} ({made.engine}, {made.database.size:,} bytes of database, {media})"
