"""What is asked for to extend a deadline: a later last day, and why, in both languages."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns import end_dates
from campaigns.models import Campaign
from home import formats

LONGEST_REASON = 1000


def _reason(label: Any, language: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=LONGEST_REASON,
        error_messages={"required": _("Say why: everyone who contributed reads it.")},
        widget=forms.Textarea(attrs={"rows": "3", "lang": language}),
    )


class ExtensionForm(forms.Form):
    """Days are those of the cooperative's calendar."""

    last_day = forms.DateField(
        label=_("New last day"),
        error_messages={"required": _("Choose the new last day."), "invalid": _("Enter a date.")},
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    reason_fr = _reason(_("Why, in French"), "fr-CA")
    reason_en = _reason(_("Why, in English"), "en-CA")

    def __init__(self, campaign: Campaign, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.campaign = campaign

    def clean_last_day(self) -> date:
        day: date = self.cleaned_data["last_day"]
        current, latest = end_dates.day_of(self.campaign.deadline, self.campaign), end_dates.latest_end(self.campaign)
        if day <= current:
            raise forms.ValidationError(
                gettext("Choose a day after %(date)s, the last day so far."), params={"date": formats.day(current)}
            )
        if day > latest:
            raise forms.ValidationError(
                gettext("A campaign may not last longer: choose %(latest)s or an earlier day."),
                params={"latest": formats.day(latest)},
            )
        return day
