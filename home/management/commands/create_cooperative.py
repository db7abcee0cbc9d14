"""Open a cooperative in one act: site, home pages, brand, team, legal texts; it answers at once, in both languages."""

import os
from typing import Any

from django import forms
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation
from django.utils.translation import gettext as _

from home.cooperatives.founding_forms import FoundationForm
from home.cooperatives.opening import left_to_do
from home.languages import ENGLISH, FRENCH
from home.models import Federation

#: Options that are not called as their fields.
CALLED = {
    "commission_basis_points": "commission",
    "owner_email": "owner",
    "sender_email": "sender",
    "contact_email": "contact",
    "registration_number": "neq",
}


def operators_language() -> str:
    """As the shell says it; French where it says nothing."""
    said = next(filter(None, (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return ENGLISH if said.lower().startswith("en") else FRENCH


def option_of(name: str) -> str:
    return "--" + CALLED.get(name, name).replace("_", "-")


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """One option a field; which of them are needed is said by the form, all at once."""
        with translation.override(operators_language()):
            for name, field in FoundationForm().fields.items():
                said = f"{field.label}. {field.help_text}".replace("%", "%%")
                if isinstance(field, forms.BooleanField):
                    parser.add_argument(option_of(name), dest=name, help=said, action="store_true")
                else:
                    shown = CALLED.get(name, name).upper()
                    parser.add_argument(option_of(name), dest=name, help=said, metavar=shown)

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override(operators_language()):
            self._open(options)

    def _open(self, options: dict[str, Any]) -> None:
        fields = FoundationForm().fields
        typed = {name: self._value(name, field, options.get(name)) for name, field in fields.items()}
        form = FoundationForm(typed)
        opened = form.open() if form.is_valid() else None
        if opened is None:
            raise CommandError("\n".join(self._faults(form)))
        words = _("%(name)s is open: %(address)s")
        self.stdout.write(words % {"name": opened.cooperative.name, "address": opened.cooperative.root_url + "/"})
        for sentence in left_to_do(opened):
            self.stdout.write(f"- {sentence}")

    def _value(self, name: str, field: forms.Field, said: Any) -> Any:
        """A federation is named by its short name; a line break in an address may be written \\n."""
        if name == "federation" and said:
            known = Federation.objects.filter(slug=said).values_list("pk", flat=True).first()
            return known or "0"
        if said is None:
            return field.initial() if callable(field.initial) else field.initial
        return said.replace("\\n", "\n") if name == "address" else said

    def _faults(self, form: FoundationForm) -> list[str]:
        heading = _("Nothing was created:")
        return [heading, *(f"{option_of(name)}: {' '.join(map(str, said))}" for name, said in form.errors.items())]
