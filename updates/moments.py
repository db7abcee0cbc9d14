"""The moment at which a mailing leaves, typed as it is where the cooperative is."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from updates.briefing import REFUSALS
from updates.sending import SendingRefused, check_time


class SendAtForm(forms.Form):
    """`moment` is the instant, once valid; None where nothing was typed and nothing had to be."""

    send_at = forms.DateTimeField(
        label=_("Day and time"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={
            "required": _("Give the day and the time."),
            "invalid": _("Give the day and the time, such as 2027-03-15 09:00."),
        },
    )

    def __init__(self, zone: str, data: Any = None, *, moment: datetime | None = None) -> None:
        """`moment`: what stands in the field at first."""
        there = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) if moment else None
        super().__init__(data, initial={"send_at": there})
        self.zone = zone

    def full_clean(self) -> None:
        with timezone.override(ZoneInfo(self.zone)):
            super().full_clean()

    def clean_send_at(self) -> datetime:
        moment: datetime = self.cleaned_data["send_at"]
        try:
            check_time(moment)
        except SendingRefused as refused:
            raise ValidationError(REFUSALS[refused.refusal]) from refused
        return moment

    @property
    def moment(self) -> datetime | None:
        return self.cleaned_data.get("send_at") if self.is_bound else None
