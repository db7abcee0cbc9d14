"""The forms of a reader's question and of its answer."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.public_forms import COMPLETE_EMAIL
from home.languages import ENGLISH, FRENCH, current
from home.models import Backer

WRITE_QUESTION = _("Write your question.")


class QuestionForm(forms.Form):
    """What is asked, and how to answer; someone known by their link is not asked for an address."""

    text = forms.CharField(
        label=_("Your question"),
        max_length=1000,
        error_messages={"required": WRITE_QUESTION},
        widget=forms.Textarea(attrs={"rows": 5, "class": "input"}),
    )
    email = forms.EmailField(
        label=_("Email"),
        help_text=_("For the answer only. It is never published."),
        max_length=254,
        error_messages={"required": COMPLETE_EMAIL, "invalid": COMPLETE_EMAIL},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "input"}),
    )
    language = forms.ChoiceField(
        label=_("We will write to you in:"),
        choices=[(FRENCH, _("French")), (ENGLISH, _("English"))],
        widget=forms.RadioSelect,
    )

    def __init__(self, data: Any = None, *, backer: Backer | None = None) -> None:
        super().__init__(data, initial={"language": current()})
        if backer is not None:
            del self.fields["email"]


class ReaderAnswerForm(forms.Form):
    answer = forms.CharField(
        label=_("Your answer"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("It goes by email to the person who asked, in their language."),
    )
    shown = forms.BooleanField(
        label=_("Show the question and its answer under the update"),
        required=False,
        help_text=_("Without a name. Reread the question first: it may say who asked."),
    )
