"""Name everything that is missing or unsafe about this installation, with what to do."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from home.doctor.registry import Finding, Level, examinations
from home.management.commands.create_cooperative import operators_language


class Command(BaseCommand):
    help = "Examines settings, services and Stripe, in the language of the shell; exits with 1 if there is a problem."
    requires_system_checks = ()  # they are among what is examined

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(operators_language()):
            found = [one for examination in examinations() for one in examination()]
            problems = [one for one in found if one.level == Level.PROBLEM]
            advice = [one for one in found if one.level == Level.ADVICE]
            self._show(_("To mend"), problems)
            self._show(_("Advice"), advice)
            if problems:
                words = ngettext("%(n)s thing is to be mended.", "%(n)s things are to be mended.", len(problems))
                raise CommandError(words % {"n": len(problems)}, returncode=1)
            self.stdout.write(_("Nothing is to be mended."))

    def _show(self, heading: str, findings: list[Finding]) -> None:
        if not findings:
            return
        self.stdout.write(f"{heading}\n")
        for one in findings:
            self.stdout.write(f"- {one.about} · {one.what}\n    → {one.do}")
        self.stdout.write("")
