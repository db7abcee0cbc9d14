"""The moment at which a mailing leaves, typed as it is where the cooperative is."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from home.admin_access import AdminRequest
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
        self.zone, self.may_wait = zone, True

    def full_clean(self) -> None:
        with timezone.override(ZoneInfo(self.zone)):
            super().full_clean()

    def clean_send_at(self) -> datetime:
        moment: datetime = self.cleaned_data["send_at"]
        if not self.may_wait:
            raise ValidationError(_("Nothing has left. Press “Schedule” for this moment, or empty it to send now."))
        try:
            check_time(moment)
        except SendingRefused as refused:
            raise ValidationError(REFUSALS[refused.refusal]) from refused
        return moment

    @property
    def moment(self) -> datetime | None:
        return self.cleaned_data.get("send_at") if self.is_bound else None


def chosen_moment(request: AdminRequest) -> SendAtForm:
    """Not valid where a moment is filled in and the button pressed sends at once, as Enter in the field does."""
    wants_later = "later" in request.POST
    typed = wants_later or request.POST.get("send_at")
    form = SendAtForm(request.cooperative.time_zone, request.POST if typed else None)
    form.may_wait = wants_later
    return form
