"""Make tonight's checks now, or show what the last ones found."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _

from home.management.commands.create_cooperative import operators_language
from home.models import SelfCheckRun
from home.self_checks import running
from home.self_checks.registry import check_of


class Command(BaseCommand):
    help = "Checks ledger, Stripe, terms, promises and files, as each night; exits with 1 if something is wrong."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--show", action="store_true", help="make none; show what the last ones found")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(operators_language()):
            run = self._last() if options["show"] else running.run_again()
            for name, found in run.found.items():
                check = check_of(name)
                self.stdout.write(f"{check.title if check else name} · {found['failed'] or found['count']}")
                for fault in found["first"]:
                    self.stdout.write(f"    {fault}")
                if check and (found["count"] or found["failed"]):
                    self.stdout.write(f"  → {check.advice}")
            if not run.is_well:
                raise CommandError(_("Something is wrong."), returncode=1)
            self.stdout.write(_("All is well."))

    def _last(self) -> SelfCheckRun:
        last = SelfCheckRun.objects.exclude(finished_at=None).order_by("-day").first()
        if last is None:
            raise CommandError(_("They were never made."), returncode=2)
        return last
