"""The questions of one backer: all of them in an export; once erased, nothing of theirs that was not made public.

A question that is shown stays with its answer, without the name and the address of who asked, wherever they stand in
it. The others keep only that something was asked.
"""

import re

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from home import clock
from home.models import Backer
from pledges.kept_elsewhere import Kept
from updates.enums import QuestionState
from updates.models import ReaderQuestion

#: Shorter parts of a name (an initial, “de”) are common words.
SHORTEST = 3

SHOWN = Q(state=QuestionState.ANSWERED, shown=True)


def questions_of(backer: Backer) -> QuerySet[ReaderQuestion]:
    return ReaderQuestion.objects.filter(backer=backer)


def erase(backer: Backer) -> None:
    mine = questions_of(backer)
    waiting = mine.filter(state=QuestionState.WAITING)
    waiting.update(state=QuestionState.CLOSED, answered_at=clock.now())
    mine.exclude(SHOWN).update(text="", answer="", shown=False)
    for question in mine.filter(SHOWN):
        question.text, question.answer = (without_name(text, backer) for text in (question.text, question.answer))
        question.save(update_fields=["text", "answer"])


def stays(backer: Backer) -> str:
    if not questions_of(backer).filter(SHOWN).exists():
        return ""
    return gettext("A question of yours that is shown under an update stays there with its answer, without your name.")


def without_name(text: str, backer: Backer) -> str:
    """The text, with “…” where it names the backer or their address."""
    name = backer.name.strip()
    parts = sorted({part for part in re.split(r"[\s\-]+", name) if len(part) >= SHORTEST}, key=len, reverse=True)
    for said in (backer.email, name, *parts):
        if said:
            text = re.sub(rf"(?<!\w){re.escape(said)}(?!\w)", "…", text, flags=re.IGNORECASE)
    return text


KEPT = Kept("questions_asked", questions_of, erase, stays)
