"""What an editor writes in a survey: its words and last day, and each question with its choices in both languages."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import transaction
from django.db.models import Max
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import Reward
from home.models import Cooperative
from pledges.admin.forms import RewardChoice
from pledges.enums import QuestionKind, SurveyState
from pledges.fulfilment import today_in
from pledges.models import Survey, SurveyOption, SurveyQuestion
from pledges.person_fields import one_line

#: Rows for choices on a new question, and how many are left free on one that has some.
ROWS, FREE = 4, 3
MOST = 30

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
LATER = _("Choose a day after today.")


class SurveyForm(forms.ModelForm[Survey]):
    class Meta:
        model = Survey
        fields = ("intro_fr", "intro_en", "lock_on", "asks_address")
        widgets = {  # noqa: RUF012 (Django's own way)
            "intro_fr": forms.Textarea({"rows": 3}),
            "intro_en": forms.Textarea({"rows": 3}),
            "lock_on": DATE,
        }
        help_texts = {  # noqa: RUF012
            "intro_fr": _("Shown above the questions and in the email. Optional."),
            "intro_en": _("Shown above the questions and in the email. Optional."),
            "lock_on": _("At the end of that day nothing can be changed any more."),
            "asks_address": _("It is locked with the answers."),
        }

    def clean_lock_on(self) -> Any:
        day = self.cleaned_data["lock_on"]
        if day <= today_in(self.instance.cooperative):
            raise forms.ValidationError(LATER)
        return day

    def clean(self) -> dict[str, Any]:
        """A word in one language alone would leave the others without it, or with the wrong one."""
        cleaned = super().clean() or self.cleaned_data
        if bool(cleaned.get("intro_fr")) != bool(cleaned.get("intro_en")):
            empty = "intro_en" if cleaned.get("intro_fr") else "intro_fr"
            self.add_error(empty, gettext("Write it in both languages, or in neither."))
        return cleaned


class NewSurveyForm(SurveyForm):
    """A tier has one survey at a time."""

    reward = RewardChoice(label=_("Reward"), queryset=None)
    field_order = ("reward", "intro_fr", "intro_en", "lock_on", "asks_address")

    def __init__(self, *args: Any, cooperative: Cooperative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        begun = Survey.objects.filter(cooperative=cooperative).exclude(state=SurveyState.LOCKED)
        free = Reward.objects.filter(cooperative=cooperative).exclude(pk__in=begun.values("reward"))
        choices = free.select_related("campaign").order_by("-campaign_id", "position")
        self.fields["reward"].queryset = choices  # type: ignore[attr-defined]


@dataclass(frozen=True)
class OptionRow:
    """One choice as it is typed: two texts, and whether it counts without an answer."""

    number: int
    french: BoundField
    english: BoundField
    is_default: bool


class QuestionForm(forms.ModelForm[SurveyQuestion]):
    """A question and its choices. A row of choices left empty is none; `default` is the number of a row."""

    class Meta:
        model = SurveyQuestion
        fields = ("kind", "label_fr", "label_en", "required")
        widgets = {"kind": forms.RadioSelect}  # noqa: RUF012
        help_texts = {"required": _("Where it is not needed, what is left empty counts as no answer.")}  # noqa: RUF012

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = QuestionKind.choices  # type: ignore[attr-defined]
        options = list(self.instance.options.all()) if self.instance.pk else []
        self.count = min(MOST, max(ROWS, len(options) + FREE))
        default = next((number for number, one in enumerate(options) if one.is_default), None)
        self.initial.setdefault("kind", QuestionKind.CHOICE)
        self.fields["default"] = forms.IntegerField(required=False, initial=default)
        for number in range(self.count):
            had = options[number] if number < len(options) else None
            for language, label in (("fr", _("choice, in French")), ("en", _("choice, in English"))):
                self.fields[f"option_{language}_{number}"] = forms.CharField(
                    label=label,
                    required=False,
                    max_length=120,
                    initial=getattr(had, f"label_{language}") if had else "",
                )

    def shown_fields(self) -> Iterator[BoundField]:
        """Those of the question itself."""
        yield from (self[name] for name in self._meta.fields or ())

    def rows(self) -> list[OptionRow]:
        chosen = str(self["default"].value())
        return [
            OptionRow(number, self[f"option_fr_{number}"], self[f"option_en_{number}"], str(number) == chosen)
            for number in range(self.count)
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("kind") == QuestionKind.CHOICE:
            self._check_options(cleaned)
        return cleaned

    def _check_options(self, cleaned: dict[str, Any]) -> None:
        typed = self._typed()
        for number, french, english in typed:
            if not french or not english:
                missing = "fr" if not french else "en"
                self.add_error(f"option_{missing}_{number}", gettext("Write this choice in both languages."))
        if len(typed) < 2:
            self.add_error(None, gettext("Write at least two choices."))
        elif cleaned.get("default") not in [number for number, _fr, _en in typed]:
            self.add_error(None, gettext("Mark the choice that counts for who does not answer."))

    def _typed(self) -> list[tuple[int, str, str]]:
        return [row for row in map(self._row, range(self.count)) if row[1] or row[2]]

    def _row(self, number: int) -> tuple[int, str, str]:
        french, english = (one_line(self.cleaned_data.get(f"option_{one}_{number}") or "") for one in ("fr", "en"))
        return number, french, english

    @transaction.atomic
    def keep(self, survey: Survey) -> SurveyQuestion | None:
        """Write the question and its choices. None where the survey was opened meanwhile."""
        row = Survey.objects.select_for_update().get(pk=survey.pk)
        if row.state != SurveyState.DRAFT:
            return None
        question = self.save(commit=False)
        if question.pk is None:
            question.survey = row
            latest = row.questions.aggregate(last=Max("position"))["last"]
            question.position = 0 if latest is None else latest + 1
        question.save()
        question.options.all().delete()
        if question.kind == QuestionKind.CHOICE:
            SurveyOption.objects.bulk_create(
                SurveyOption(
                    question=question,
                    position=place,
                    label_fr=french,
                    label_en=english,
                    is_default=number == self.cleaned_data["default"],
                )
                for place, (number, french, english) in enumerate(self._typed())
            )
        return question
