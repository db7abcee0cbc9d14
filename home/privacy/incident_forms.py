"""What is asked of an incident, as the regulation has it."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from home import clock
from home.models import Cooperative, Incident, IncidentNotice, Seriousness


class DayInput(forms.DateInput):
    """A day that browsers ask for in their own way."""

    def __init__(self) -> None:
        super().__init__({"type": "date"}, format="%Y-%m-%d")


class IncidentForm(forms.ModelForm):
    """An incident that is found or corrected; `parts` are its fields by heading."""

    class Meta:
        model = Incident
        fields = (
            *("began_on", "ended_on", "known_on", "dates_are_approximate", "circumstances"),
            *("information", "people", "people_are_approximate"),
            *("seriousness", "assessment", "measures", "closed_on"),
        )
        widgets: ClassVar = {name: DayInput() for name in ("began_on", "ended_on", "known_on", "closed_on")}
        help_texts: ClassVar = {
            "circumstances": gettext_lazy("What was accessed, used, sent or lost without being allowed, and how."),
            "information": gettext_lazy(
                "Kinds of information, not the information itself. If they cannot be described, say why."
            ),
            "people": gettext_lazy("Empty while it is not known."),
            "assessment": gettext_lazy(
                "How sensitive the information is, how it could be misused, what would follow from it, how likely "
                "that is. Consult your privacy officer."
            ),
        }

    def __init__(self, *args: Any, cooperative: Cooperative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.cooperative = cooperative

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        headings = [
            (_("What happened"), 5),
            (_("Whom it is about"), 3),
            (_("The risk, and what was done"), 4),
        ]
        fields, found = list(self), []
        for heading, count in headings:
            found.append((heading, fields[:count]))
            fields = fields[count:]
        return found

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        began, ended, known = said.get("began_on"), said.get("ended_on"), said.get("known_on")
        if began and ended and ended < began:
            self.add_error("ended_on", _("This day is before the beginning."))
        if known and known > clock.now().date():
            self.add_error("known_on", _("This day is still to come."))
        if began and known and known < began:
            self.add_error("known_on", _("It cannot have been known before it happened."))
        if said.get("seriousness") not in ("", None, Seriousness.UNDECIDED) and not said.get("assessment"):
            self.add_error("assessment", _("Say what led you to this conclusion: the register has to."))
        return said


class NoticeForm(forms.ModelForm):
    class Meta:
        model = IncidentNotice
        fields = ("told", "told_on", "note")
        widgets: ClassVar = {"told_on": DayInput()}

    def clean_told_on(self) -> Any:
        on = self.cleaned_data["told_on"]
        if on and on > clock.now().date():
            raise forms.ValidationError(_("This day is still to come."))
        return on
