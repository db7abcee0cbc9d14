"""Questions that readers ask under an update: asked, answered once or closed, and shown if the team wishes.

Each step is one conditional UPDATE, and queues its mail in the same transaction. Nothing is said to anyone about who
asked: a question and its answer are shown without a name.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from home import backing, clock, outbox
from home.mail.registry import kind_of
from home.models import Backer, Cooperative, User
from updates.enums import QuestionState
from updates.models import ReaderQuestion, Update

#: How many questions one address may ask an update's team in an hour, whoever types it, and all of them together.
MOST_OF_ONE, MOST_OF_ALL, WITHIN = 3, 60, timedelta(hours=1)
ANSWER_MAIL = "question_answered"


class TooMany(Exception):
    """Nothing was written: many questions came in the last hour."""


def ask(update: Update, *, backer: Backer | None = None, email: str = "", text: str, language: str) -> ReaderQuestion:
    """Keep a question of a backer, or of whoever has that address. The same text sent twice is one. Raises TooMany."""
    with transaction.atomic():
        reader = backer or backing.find_or_make(update.cooperative, email=email, name="", language=language)
        Backer.objects.select_for_update().get(pk=reader.pk)
        recent = ReaderQuestion.objects.filter(update__campaign=update.campaign_id, asked_at__gt=clock.now() - WITHIN)
        mine = recent.filter(backer=reader)
        if known := mine.filter(update=update, text=text).first():
            return known
        if mine.count() >= MOST_OF_ONE or recent.count() >= MOST_OF_ALL:
            raise TooMany
        return ReaderQuestion.objects.create(
            cooperative_id=update.cooperative_id,
            update=update,
            backer=reader,
            language=language,
            text=text,
            asked_at=clock.now(),
        )


def waiting_questions(cooperative: Cooperative) -> QuerySet[ReaderQuestion]:
    """Those that nobody has answered, the oldest first."""
    rows = ReaderQuestion.objects.filter(cooperative=cooperative, state=QuestionState.WAITING)
    return rows.select_related("update__campaign", "backer").order_by("asked_at", "pk")


def settled_questions(cooperative: Cooperative) -> QuerySet[ReaderQuestion]:
    """Those that were answered or closed, latest first."""
    rows = ReaderQuestion.objects.filter(cooperative=cooperative).exclude(state=QuestionState.WAITING)
    return rows.select_related("update__campaign", "backer").order_by("-asked_at", "-pk")


def shown_under(update: Update, language: str) -> list[ReaderQuestion]:
    """What readers of a language see under the update, oldest first."""
    rows = update.questions.filter(state=QuestionState.ANSWERED, shown=True, language=language)
    return list(rows.order_by("asked_at", "pk"))


def answer(question: ReaderQuestion, *, by: User | None, text: str, shown: bool) -> bool:
    """Answer it and mail the answer to who asked. False where it was answered or closed before."""
    with transaction.atomic():
        waiting = ReaderQuestion.objects.filter(pk=question.pk, state=QuestionState.WAITING)
        answered = {"answer": text, "answered_at": clock.now(), "answered_by": by, "shown": shown}
        if not waiting.update(state=QuestionState.ANSWERED, **answered):
            return False
        question.refresh_from_db()
        outbox.queue(
            kind_of(ANSWER_MAIL),
            cooperative=question.cooperative,
            subject_key=f"reader_question:{question.pk}",
            to=question.backer,
            language=question.language,
        )
    return True


def close(question: ReaderQuestion, *, by: User | None) -> bool:
    """Leave it without an answer. False where it was answered or closed before."""
    waiting = ReaderQuestion.objects.filter(pk=question.pk, state=QuestionState.WAITING)
    return bool(waiting.update(state=QuestionState.CLOSED, answered_at=clock.now(), answered_by=by))


def show(question: ReaderQuestion, *, shown: bool) -> bool:
    """Show an answered question under its update, or no longer. False where it is not answered, or was erased."""
    answered = ReaderQuestion.objects.filter(pk=question.pk, state=QuestionState.ANSWERED).exclude(text="")
    return bool(answered.update(shown=shown))
