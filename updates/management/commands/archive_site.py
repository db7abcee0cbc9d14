"""Write what anyone may read of a cooperative, or of one campaign, as files that any web server can show."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from home.models import Cooperative
from updates.archive.writing import ArchiveRefused, campaign_at, write_site


class Command(BaseCommand):
    help = (
        "The public site as a folder of plain files, in both languages. Changes nothing, and holds nothing that is not "
        "public: the rows of a cooperative are exported by archive_cooperative."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("cooperative", help="its short name, as in `meule`")
        parser.add_argument("--campaign", help="only this one: the last part of the address of its page")
        parser.add_argument("--to", required=True, type=Path, help="the folder to write, which must not be there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        cooperative = Cooperative.objects.select_related("site__root_page").filter(slug=options["cooperative"]).first()
        if cooperative is None:
            raise CommandError(f"There is no cooperative “{options['cooperative']}”.")
        slug = options["campaign"]
        told = self.stdout.write if options["verbosity"] > 1 else _tell_nothing
        try:
            campaign = campaign_at(cooperative, slug) if slug else None
            written = write_site(cooperative, options["to"].absolute(), campaign=campaign, told=told)
        except ArchiveRefused as refused:
            raise CommandError(str(refused)) from refused
        if options["verbosity"]:
            self.stdout.write(f"{written.pages} pages, {written.files} files, {written.size:,} bytes: {written.folder}")


def _tell_nothing(address: str) -> None:
    pass
