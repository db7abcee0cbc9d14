"""The form of a visitor who wants to be told when a campaign opens."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from home.languages import ENGLISH, FRENCH, current

COMPLETE_EMAIL = _("Enter a complete email address, for example camille@example.com.")


class NotifyForm(forms.Form):
    """Where to write to, and in which language."""

    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        error_messages={"required": COMPLETE_EMAIL, "invalid": COMPLETE_EMAIL},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "input"}),
    )
    language = forms.ChoiceField(
        label=_("We will write to you in:"),
        choices=[(FRENCH, _("French")), (ENGLISH, _("English"))],
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, initial={"language": current()}, **kwargs)
