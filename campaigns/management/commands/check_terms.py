"""Say where campaign pages and their terms differ, and write the terms again if asked to."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns import term_checks
from home.tenancy import across_cooperatives


class Command(BaseCommand):
    help = "Prints every difference between a live campaign page and its terms, and exits with 1 if one is left."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mend", action="store_true", help="write the terms again from the pages that differ")

    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        with across_cooperatives():
            if options["mend"]:
                self.stdout.write(f"Terms written again from {term_checks.mend()} pages.")
            for count, difference in enumerate(term_checks.all_differences(), start=1):  # noqa: B007 (read below)
                self.stdout.write(str(difference))
        if count:
            raise CommandError(f"Pages and terms differ: {count} differences.", returncode=1)
        self.stdout.write("Pages and terms agree.")
