"""Put a backup back."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from home.backups import restoring
from home.backups.manifest import BackupRefused

NEXT = """Held: nothing is charged, refunded or mailed. Go on as docs/runbook.md says, under "Restore from a backup":
  manage.py check_ledger
  manage.py reconcile_stripe
  manage.py release
"""


class Command(BaseCommand):
    help = "Puts a backup of FOLDER back. Web, worker and tick are stopped. What it restores is held until `release`."
    requires_system_checks = ()  # there may be no table yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, metavar="FOLDER")
        parser.add_argument("--name", default="", help="which one; the latest unless named")
        parser.add_argument("--replace", action="store_true", help="give up all that the database holds now")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = restoring.restore(options["folder"], options["name"], replace=options["replace"])
        except BackupRefused as error:
            raise CommandError(str(error)) from error
        found = done.manifest
        self.stdout.write(f"{found.name} is back, as of {found.taken_at.isoformat()}: {done.files} media files.")
        if found.bucket:
            self.stdout.write(f"Its media are in the bucket {found.bucket}.")
        if done.migrated:
            self.stdout.write("It was of an older version, and was migrated.")
        self.stdout.write(NEXT)
