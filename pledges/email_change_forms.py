"""Where a backer wants to be written to."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pledges.email_changes import Refusal
from pledges.forms import Problem
from pledges.person_fields import COMPLETE_EMAIL


class EmailChangeForm(forms.Form):
    email = forms.EmailField(
        label=_("New email address"),
        max_length=254,
        error_messages={"required": COMPLETE_EMAIL, "invalid": COMPLETE_EMAIL},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "input"}),
    )

    def refuse(self, refusal: Refusal) -> None:
        words: dict[Any, str] = {
            Refusal.SAME: gettext("We already write to this address."),
            Refusal.MANY: gettext("Several addresses were tried within the hour. Try again later."),
        }
        self.add_error("email", words.get(refusal) or gettext("Nothing was changed."))

    def problems(self) -> list[Problem]:
        return [
            Problem(str(message), self[name].auto_id) for name in self.fields for message in self.errors.get(name, [])
        ]
