"""What is asked for on a dossier: a question, an answer, changes, the moment of a launch."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from campaigns.questions import Passage
from home import clock
from home.models import Cooperative

WRITE_QUESTION = _("Write your question.")


def _text(label: Any, required: Any, **attrs: str) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": "4"} | attrs)
    return forms.CharField(label=label, max_length=4000, error_messages={"required": required}, widget=widget)


class QuestionForm(forms.Form):
    """`passages` are the parts of the page that it may be about."""

    about = forms.ChoiceField(label=_("About"), required=False)
    text = _text(_("Question"), WRITE_QUESTION)
    answer_by = forms.DateField(
        label=_("Answer by"),
        error_messages={"required": _("Choose the day an answer is needed by."), "invalid": _("Enter a date.")},
        widget=forms.DateInput(attrs={"type": "date"}),
    )

    def __init__(self, passages: list[Passage], cooperative: Cooperative, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.passages = {passage.block_id: passage for passage in passages}
        self.cooperative = cooperative
        choices = [(passage.block_id, passage.label) for passage in passages]
        self.fields["about"].choices = [("", _("The whole page")), *choices]  # type: ignore[attr-defined]

    def clean_answer_by(self) -> Any:
        day = self.cleaned_data["answer_by"]
        today = clock.now().astimezone(ZoneInfo(self.cooperative.time_zone)).date()
        if day < today:
            raise forms.ValidationError(gettext("Choose today or a day to come."))
        return day

    @property
    def passage(self) -> Passage | None:
        return self.passages.get(self.cleaned_data["about"])


class AnswerForm(forms.Form):
    text = _text(pgettext_lazy("noun", "Answer"), _("Write your answer."))


class ChangesForm(forms.Form):
    comment = _text(_("What to change"), _("Say what to change: the team starts from there."))


#: Beyond these, an instant of one time zone may be no instant of another.
THIS_AGE = range(2000, 2200)


class ScheduleForm(forms.Form):
    """A moment to come, read as the cooperative's clock shows it."""

    launch_at = forms.DateTimeField(
        label=_("Date and time"),
        error_messages={"required": _("Choose a date and a time."), "invalid": _("Enter a date and a time.")},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )

    def __init__(self, cooperative: Cooperative, data: Any = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.cooperative = cooperative

    def clean_launch_at(self) -> datetime:
        """What was typed has no zone of its own: Django took it for the server's."""
        typed: datetime = self.cleaned_data["launch_at"]
        if typed.year not in THIS_AGE:
            raise forms.ValidationError(gettext("Enter a date and a time."))
        at = typed.replace(tzinfo=ZoneInfo(self.cooperative.time_zone))
        if at <= clock.now():
            raise forms.ValidationError(gettext("Choose a moment to come."))
        return at
