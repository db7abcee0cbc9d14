"""Export everything of a cooperative, prove that the export is complete, then close it; nothing is deleted."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation
from django.utils.translation import gettext as _

from home.management.commands.create_cooperative import operators_language
from home.models import Cooperative
from pledges import archiving, cooperative_export


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("slug", help="the cooperative's short name")
        parser.add_argument("--export", required=True, metavar="FOLDER", help="where to write; made if it is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(operators_language()):
            self._archive(options["slug"], Path(options["export"]))

    def _archive(self, slug: str, folder: Path) -> None:
        cooperative = Cooperative.objects.select_related("site__root_page").filter(slug=slug, rehearses=None).first()
        if cooperative is None:
            raise CommandError(_("There is no cooperative “%(slug)s”.") % {"slug": slug})
        try:
            manifest = archiving.archive(cooperative, folder)
        except archiving.NotYet as error:
            raise CommandError("\n".join([_("Nothing was changed:"), *error.reasons])) from error
        except cooperative_export.Incomplete as error:
            words = _("The export is not complete (%(file)s); nothing was closed. Run it again.")
            raise CommandError(words % {"file": error}) from error
        words = _("%(name)s is archived. %(files)s files in %(folder)s.")
        said = {"name": cooperative.name, "files": len(manifest["files"]), "folder": folder}
        self.stdout.write(words % said)
