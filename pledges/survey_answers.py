"""What backers chose, in words: for one item, for the lists of the team, and counted."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, QuerySet, Sum
from django.utils.translation import gettext as _

from home import formats
from pledges import surveys
from pledges.enums import QuestionKind, SurveyState
from pledges.models import PledgeItem, Survey, SurveyAnswer, SurveyOption, SurveyQuestion

WITH_QUESTIONS = "questions__options"


def words_for(items: Iterable[PledgeItem]) -> dict[int, str]:
    """Each item's choices on one line: « M », or « 1. M · 2. L » for two pieces. Five queries, however many items.

    What counts without an answer is said once the survey is locked.
    """
    shown = list(items)
    rewards = {item.reward_id for item in shown}
    begun = Survey.objects.filter(reward__in=rewards).exclude(state=SurveyState.DRAFT)
    by_reward: dict[int, list[Survey]] = defaultdict(list)
    for survey in begun.prefetch_related(WITH_QUESTIONS).order_by("pk"):
        by_reward[survey.reward_id].append(survey)
    given = _given(shown) if by_reward else {}
    return {item.pk: " · ".join(_line(item, by_reward[item.reward_id], given)) for item in shown}


def with_choices(items: Iterable[PledgeItem]) -> list[Any]:
    """The same items, each with `choices_made` for a list of the team."""
    shown = list(items)
    words = words_for(shown)
    for item in shown:
        item.choices_made = words[item.pk]  # type: ignore[attr-defined]
    return shown


def _given(items: list[PledgeItem]) -> dict[tuple[int, int, int], SurveyAnswer]:
    rows = SurveyAnswer.objects.filter(reply__item__in=[item.pk for item in items]).select_related("option")
    return {(one.item_id, one.question_id, one.number): one for one in rows.annotate(item_id=F("reply__item"))}


def _line(item: PledgeItem, of_tier: list[Survey], given: dict[tuple[int, int, int], SurveyAnswer]) -> list[str]:
    pieces = surveys.pieces_of(item)
    lines = []
    for number in range(1, pieces + 1):
        said = [
            words
            for survey in of_tier
            for question in survey.questions.all()
            if (words := _words(survey, question, given.get((item.pk, question.pk, number))))
        ]
        if said:
            text = ", ".join(said)
            lines.append(f"{formats.number(number)}. {text}" if pieces > 1 else text)
    return lines


def _words(survey: Survey, question: SurveyQuestion, answer: SurveyAnswer | None) -> str:
    if answer is not None and (answer.option or answer.text):
        return answer.option.label if answer.option else answer.text
    chosen = default_of(question) if survey.state == SurveyState.LOCKED else None
    return chosen.label if chosen else ""


def default_of(question: SurveyQuestion) -> SurveyOption | None:
    """What counts without an answer. Reads `options`, which may be prefetched."""
    return next((one for one in question.options.all() if one.is_default), None)


def default_words(survey: Survey) -> str:
    """« Taille » : M; « Prénom » : rien. What an unanswered survey comes to."""
    said = []
    for question in survey.questions.prefetch_related("options"):
        chosen = default_of(question)
        words = _("“%(question)s”: %(choice)s") if chosen else _("“%(question)s”: nothing")
        said.append(words % {"question": question.label, "choice": chosen.label if chosen else ""})
    return "; ".join(said)


def titles(survey: Survey, *, address: bool) -> list[str]:
    """What is asked, in the reader's language."""
    asked = [question.label for question in survey.questions.all()]
    return asked + ([_("your delivery address")] if address and survey.asks_address else [])


@dataclass
class Tally:
    """How many pieces of each choice; `unanswered` counts for the default once the survey is locked."""

    question: SurveyQuestion
    counts: list[tuple[SurveyOption, int]] = field(default_factory=list)
    unanswered: int = 0
    texts: int = 0

    @property
    def is_choice(self) -> bool:
        return self.question.kind == QuestionKind.CHOICE


def tallies(survey: Survey) -> list[Tally]:
    """Of every question, over the pieces that are paid for."""
    items = surveys.concerned(survey)
    pieces = items.aggregate(total=Sum("quantity"))["total"] or 0
    answers = SurveyAnswer.objects.filter(
        reply__survey=survey, reply__item__in=items.values("pk"), number__lte=F("reply__item__quantity")
    )
    by_option = _counted(answers.exclude(option=None), "option")
    texts = _counted(answers.exclude(text=""), "question")
    return [
        _tally(survey, question, by_option, texts, pieces) for question in survey.questions.prefetch_related("options")
    ]


def _counted(answers: QuerySet[SurveyAnswer], by: str) -> Counter[int]:
    rows = answers.order_by().values(by).annotate(count=Count("pk"))
    return Counter({row[by]: row["count"] for row in rows})


def _tally(
    survey: Survey, question: SurveyQuestion, by_option: Counter[int], texts: Counter[int], pieces: int
) -> Tally:
    options = list(question.options.all())
    answered = sum(by_option[one.pk] for one in options) if options else texts[question.pk]
    left = max(0, pieces - answered)
    is_locked = survey.state == SurveyState.LOCKED and any(one.is_default for one in options)
    counts = [(one, by_option[one.pk] + (left if is_locked and one.is_default else 0)) for one in options]
    return Tally(question, counts, left, texts[question.pk])
