"""Who contributes: whom to write to, what shows on the wall, for whom it is, and what the team may know."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from home.languages import ENGLISH, FRENCH
from pledges.consent_texts import NEWS
from pledges.enums import Wall

COMPLETE_EMAIL = _("Enter a complete email address, for example camille@example.com.")
SOME_NAME = _("Enter a name of your choice: it is used in your emails and for your rewards.")
SOME_COMPANY = _("Enter the name of the business or organization.")


def one_line(text: str) -> str:
    """It stands in greetings, addresses and lists."""
    return " ".join(text.split())


def text_input(**attrs: str) -> forms.TextInput:
    return forms.TextInput(attrs=attrs | {"class": "input"})


class NoteField(forms.CharField):
    """Several lines; the end of one counts once, as it does in the browser."""

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class PersonForm(forms.Form):
    """The part of the form that is about people."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        error_messages={"required": SOME_NAME},
        widget=text_input(autocomplete="name"),
    )
    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        help_text=_("For your receipt and your “My contribution” link. Never shown or shared."),
        error_messages={"required": COMPLETE_EMAIL, "invalid": COMPLETE_EMAIL},
        widget=forms.EmailInput(attrs={"autocomplete": "email", "class": "input"}),
    )
    language = forms.ChoiceField(
        label=_("We will write to you in:"),
        choices=[(FRENCH, _("French")), (ENGLISH, _("English"))],
        widget=forms.RadioSelect,
    )
    wall = forms.ChoiceField(
        label=_("On the wall of thanks:"),
        choices=Wall.choices,
        required=False,
        initial=Wall.NEITHER,
        widget=forms.RadioSelect,
    )
    gift_for = forms.CharField(label=_("A gift for (optional)"), max_length=120, required=False, widget=text_input())
    is_company = forms.BooleanField(label=_("I contribute on behalf of a business or organization"), required=False)
    company_name = forms.CharField(
        label=_("Name of the business or organization"),
        max_length=200,
        required=False,
        widget=text_input(autocomplete="organization"),
    )
    company_numbers = forms.CharField(
        label=_("Its tax numbers (optional)"),
        max_length=120,
        required=False,
        help_text=_("They will be on its invoice."),
        widget=text_input(),
    )
    message = NoteField(
        label=_("A note for the team (optional)"),
        max_length=1000,
        required=False,
        help_text=_("Only the cooperative will read it."),
        widget=forms.Textarea(attrs={"class": "input", "rows": "4"}),
    )
    news = forms.BooleanField(
        label=NEWS,
        required=False,
        help_text=_("Emails about your payment and your rewards will reach you in any case."),
    )

    def clean_name(self) -> str:
        return one_line(self.cleaned_data["name"])

    def clean_gift_for(self) -> str:
        return one_line(self.cleaned_data["gift_for"])

    def clean_company_name(self) -> str:
        return one_line(self.cleaned_data["company_name"])

    def clean_company_numbers(self) -> str:
        return one_line(self.cleaned_data["company_numbers"])

    def clean_wall(self) -> str:
        """Who did not answer is not shown."""
        return self.cleaned_data["wall"] or Wall.NEITHER

    def clean(self) -> dict[str, Any]:
        """A box that is ticked asks for a name; a name is enough without the box."""
        super().clean()
        cleaned = self.cleaned_data
        says_company = cleaned.get("is_company") or cleaned.get("company_numbers")
        if says_company and not cleaned.get("company_name") and "company_name" not in self.errors:
            self.add_error("company_name", SOME_COMPANY)
        return cleaned


#: In the order of the page.
PERSON_FIELDS = (
    "name",
    "email",
    "language",
    "wall",
    "gift_for",
    "is_company",
    "company_name",
    "company_numbers",
    "message",
)
