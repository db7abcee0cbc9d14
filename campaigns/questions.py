"""Questions of the review: asked by an adviser, answered by the team, settled by whoever may ask.

Each step is one conditional UPDATE, and queues its mail in the same transaction. An answer may be corrected until
its question is settled.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import Truncator

from campaigns import emails
from campaigns.models import CampaignPage, Dossier, ReviewQuestion
from home import clock
from home.models import Cooperative


@dataclass(frozen=True)
class Passage:
    """A part of the page that a question may be about: the id of its block, and what people call it."""

    block_id: str
    label: str


def dossier_of(cooperative: Cooperative, translation_key: UUID) -> Dossier:
    """The dossier of a campaign, opened if it was not. Only where something is about to be written into it."""
    dossier, _created = Dossier.objects.get_or_create(
        translation_key=translation_key, defaults={"cooperative": cooperative, "created_at": clock.now()}
    )
    return dossier


def questions_about(page: CampaignPage) -> QuerySet[ReviewQuestion]:
    """Open ones first, the most urgent at the top; then those that are settled."""
    rows = ReviewQuestion.objects.filter(dossier__translation_key=page.translation_key)
    return rows.select_related("asked_by", "answered_by", "settled_by").order_by("settled_at", "answer_by", "id")


def open_questions(page: CampaignPage) -> QuerySet[ReviewQuestion]:
    return questions_about(page).filter(settled_at=None)


def passages_of(page: CampaignPage) -> Iterator[Passage]:
    """Every block of the page in its order, and each tier within its block."""
    for block in page.body:
        kind = str(block.block.label)
        yield Passage(str(block.id), _named(kind, block.value))
        if isinstance(block.value, list) or hasattr(block.value, "bound_blocks"):
            yield from _children(block.value)


def _children(value: Any) -> Iterator[Passage]:
    """List children alone have ids of their own."""
    for child in getattr(value, "bound_blocks", None) or []:
        if getattr(child, "id", None) and not isinstance(child, str):
            yield Passage(str(child.id), f"— {_named(str(child.block.label), child.value)}")


def _named(kind: str, value: Any) -> str:
    for key in ("title", "heading", "tagline"):
        words = value.get(key) if hasattr(value, "get") else None
        if words:
            return f"{kind} · {Truncator(words).chars(60)}"
    return kind


def ask(
    page: CampaignPage, cooperative: Cooperative, *, by: Any, text: str, answer_by: date, passage: Passage | None
) -> ReviewQuestion:
    """Write the question into the dossier and tell the editors."""
    with transaction.atomic():
        question = ReviewQuestion.objects.create(
            cooperative=cooperative,
            dossier=dossier_of(cooperative, page.translation_key),
            block_id=passage.block_id if passage else None,
            block_label=passage.label.removeprefix("— ")[:200] if passage else "",
            text=text,
            answer_by=answer_by,
            asked_at=clock.now(),
            asked_by=by,
        )
        emails.tell_editors(question)
    return question


def answer(question: ReviewQuestion, *, by: Any, text: str) -> bool:
    """The first answer is told to who asked; a corrected one is kept in its place. False once it is settled."""
    with transaction.atomic():
        waiting = ReviewQuestion.objects.filter(pk=question.pk, settled_at=None)
        if not waiting.update(answer=text, answered_at=clock.now(), answered_by=by):
            return False
        question.refresh_from_db()
        emails.tell_asker(question)
    return True


def settle(question: ReviewQuestion, *, by: Any) -> bool:
    """True if this call settled it."""
    waiting = ReviewQuestion.objects.filter(pk=question.pk, settled_at=None)
    return bool(waiting.update(settled_at=clock.now(), settled_by=by))


def is_overdue(question: ReviewQuestion, cooperative: Cooperative) -> bool:
    """Unanswered past its day."""
    today = clock.now().astimezone(ZoneInfo(cooperative.time_zone)).date()
    return question.settled_at is None and question.answered_at is None and question.answer_by < today
