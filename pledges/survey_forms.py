"""The form by which a backer answers a survey: a set of questions for each piece of what they wait for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from home import formats
from pledges import surveys
from pledges.enums import QuestionKind
from pledges.forms import Problem
from pledges.models import PledgeItem, Survey, SurveyAnswer, SurveyQuestion
from pledges.person_fields import one_line
from pledges.surveys import Given

CHOOSE = _("Choose one of the answers.")
SAY = _("An answer is needed here.")


@dataclass(frozen=True)
class Piece:
    """One piece of an item, and the questions about it."""

    title: str
    fields: list[BoundField]


class ReplyForm(forms.Form):
    """`items`: what this backer waits for of the survey's tier. What they answered before is shown again."""

    def __init__(self, survey: Survey, items: list[PledgeItem], data: Any = None) -> None:
        super().__init__(data, initial=_answered(survey, items))
        self.items = items
        self.questions = list(survey.questions.prefetch_related("options"))
        for item, number, question in self._asked():
            self.fields[_name(item, number, question)] = _field(question)

    def _asked(self) -> Iterator[tuple[PledgeItem, int, SurveyQuestion]]:
        for item in self.items:
            for number in range(1, surveys.pieces_of(item) + 1):
                for question in self.questions:
                    yield item, number, question

    def pieces(self) -> list[Piece]:
        """In the order of the page."""
        found = []
        for item in self.items:
            count = surveys.pieces_of(item)
            for number in range(1, count + 1):
                fields = [self[_name(item, number, question)] for question in self.questions]
                found.append(Piece(_title(item, number, count), fields))
        return found if self.questions else []

    def given(self) -> dict[int, list[Given]]:
        """The answers of a valid form, by item. A question left empty is there too: it was read."""
        found: dict[int, list[Given]] = {item.pk: [] for item in self.items}
        for item, number, question in self._asked():
            value = self.cleaned_data.get(_name(item, number, question), "")
            option = next((one for one in question.options.all() if str(one.pk) == value), None)
            found[item.pk].append(Given(question, number, option, "" if _is_choice(question) else value))
        return found

    def problems(self) -> list[Problem]:
        return [
            Problem(f"{self[name].label} · {message}", self[name].auto_id)
            for name in self.fields
            for message in self.errors.get(name, [])
        ]


class TextAnswer(forms.CharField):
    def to_python(self, value: Any) -> str:
        return one_line(super().to_python(value) or "")


def _is_choice(question: SurveyQuestion) -> bool:
    return question.kind == QuestionKind.CHOICE


def _field(question: SurveyQuestion) -> forms.Field:
    """Reads `options`, which are prefetched: the same question may be asked for fifty pieces."""
    if _is_choice(question):
        field: forms.Field = forms.ChoiceField(
            choices=[(str(one.pk), one.label) for one in question.options.all()],
            widget=forms.RadioSelect,
            required=question.required,
            error_messages={"required": CHOOSE, "invalid_choice": CHOOSE},
        )
    else:
        field = TextAnswer(
            max_length=500,
            required=question.required,
            widget=forms.TextInput(attrs={"class": "input"}),
            error_messages={"required": SAY},
        )
    optional = gettext("%(question)s (optional)") % {"question": question.label}
    field.label = question.label if question.required else optional
    return field


def _name(item: PledgeItem, number: int, question: SurveyQuestion) -> str:
    return f"answer_{item.pk or 0}_{number}_{question.pk}"


def _title(item: PledgeItem, number: int, count: int) -> str:
    name = f"{item.title} ({item.variant})" if item.variant else item.title
    if count == 1:
        return name
    numbers = {"reward": name, "number": formats.number(number), "count": formats.number(count)}
    return gettext("%(reward)s, %(number)s of %(count)s") % numbers


def _answered(survey: Survey, items: list[PledgeItem]) -> dict[str, Any]:
    known = [item.pk for item in items if item.pk]
    rows = SurveyAnswer.objects.filter(reply__survey=survey, reply__item__in=known)
    return {
        f"answer_{one.reply.item_id}_{one.number}_{one.question_id}": one.option_id or one.text
        for one in rows.select_related("reply")
    }
