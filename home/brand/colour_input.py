"""Where an editor types a colour."""

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

#: How a colour is also written: without its sign, in capitals, or in three figures.
LOOSE = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.IGNORECASE)


class ColourInput(forms.TextInput):
    """A text field; a script adds the browser's palette beside it, and a button that takes the colour on offer."""

    class Media:
        css = {"all": ["css/colour-field.css"]}  # noqa: RUF012 (as Django has it)
        js = [forms.Script("js/colour-field.js", type="module")]  # noqa: RUF012

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        hints = {"autocomplete": "off", "spellcheck": "false", "data-colour": True, "data-palette": _("Palette")}
        super().__init__(hints | (attrs or {}))

    def offer(self, colour: str) -> None:
        """The colour that a press of a button puts in the field."""
        words = _("Use %(colour)s") % {"colour": colour}
        self.attrs |= {"data-offer": colour, "data-offer-words": words}

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        typed = super().value_from_datadict(data, files, name)
        found = LOOSE.fullmatch(typed.strip()) if typed else None
        if found is None:
            return typed
        digits = found[1].lower()
        return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))
