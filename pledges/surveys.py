"""The state machine of a survey: draft, open, locked; who is asked, and who has answered.

What happens when the process dies: opening is one transaction, with its mails; each reply is one. Reminders and the
lock are found again by the tick: a mail has one row per contribution and survey, and the lock is a conditional UPDATE.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Least

from campaigns.enums import Handover
from home import clock, outbox
from home.mail.registry import kind_of
from home.models import OutgoingMail, User
from pledges import address_locks
from pledges.enums import FulfilmentState, QuestionKind, SurveyState
from pledges.fulfilment import BEFORE_LEAVING, WAITING, paid_for, today_in
from pledges.models import (
    Pledge,
    PledgeItem,
    Survey,
    SurveyAnswer,
    SurveyOption,
    SurveyQuestion,
    SurveyReply,
)

OPENED, FIRST, LAST = "survey_opened", "survey_reminder_1", "survey_reminder_2"

#: Before the last day: the first reminder (half-way where there is less time), and the last one.
FIRST_BEFORE, LAST_BEFORE = timedelta(days=7), timedelta(days=2)

#: One set of answers for each piece, up to this many.
MOST_PIECES = 50

#: Still to be made or handed over; and what is thanked for without anything to deliver may be asked about too.
STILL_OWED = Q(state__in=WAITING) | Q(state=FulfilmentState.NOT_APPLICABLE, handover=Handover.NOTHING)


class Lack(StrEnum):
    """What keeps a draft from being opened."""

    NOTHING_ASKED = "nothing_asked"
    OPTIONS = "options"
    DEFAULT = "default"
    PAST = "past"


@dataclass(frozen=True)
class Given:
    """One answer: an option, or words; neither where it was left empty."""

    question: SurveyQuestion
    number: int
    option: SurveyOption | None = None
    text: str = ""


def pieces_of(item: PledgeItem) -> int:
    return min(item.quantity, MOST_PIECES)


def concerned(survey: Survey) -> QuerySet[PledgeItem]:
    """Everything of its tier that is paid for, whatever became of it since."""
    rows = PledgeItem.objects.filter(paid_for(), reward=survey.reward_id, quantity__gt=0)
    return rows.exclude(~Q(handover=Handover.NOTHING), state=FulfilmentState.NOT_APPLICABLE)


def asked(survey: Survey) -> QuerySet[PledgeItem]:
    """Items whose backers still wait for them."""
    return PledgeItem.objects.filter(STILL_OWED, paid_for(), reward=survey.reward_id, quantity__gt=0)


def unanswered(survey: Survey) -> QuerySet[PledgeItem]:
    """Asked about, and not answered for each piece."""
    replies = SurveyReply.objects.filter(survey=survey, item=OuterRef("pk"))
    if survey.questions.exists():
        replies = replies.filter(answers__number=Least(OuterRef("quantity"), Value(MOST_PIECES)))
    return asked(survey).exclude(Exists(replies))


def of_pledge(pledge: Pledge) -> list[tuple[Survey, list[PledgeItem]]]:
    """Open surveys that ask this backer, each with the items it is about."""
    found = []
    for survey in Survey.objects.filter(state=SurveyState.OPEN, reward__items__pledge=pledge).distinct().order_by("pk"):
        items = list(asked(survey).filter(pledge=pledge).select_related("variant").order_by("pk"))
        if items and takes_answers(survey):
            found.append((survey, items))
    return found


def takes_answers(survey: Survey) -> bool:
    return survey.state == SurveyState.OPEN and survey.lock_on >= today_in(survey.cooperative)


def lacks(survey: Survey) -> list[Lack]:
    """Why a draft cannot be opened yet."""
    questions = list(survey.questions.prefetch_related("options"))
    choices = [question for question in questions if question.kind == QuestionKind.CHOICE]
    found = []
    if not questions and not survey.asks_address:
        found.append(Lack.NOTHING_ASKED)
    if any(len(question.options.all()) < 2 for question in choices):
        found.append(Lack.OPTIONS)
    if any(not [one for one in question.options.all() if one.is_default] for question in choices):
        found.append(Lack.DEFAULT)
    if survey.lock_on <= today_in(survey.cooperative):
        found.append(Lack.PAST)
    return found


def open_survey(survey: Survey, *, by: User | None) -> bool:
    """Freeze the questions and write to each backer owed the tier. False if it was opened before or lacks something."""
    with transaction.atomic():
        row = Survey.objects.select_for_update().select_related("cooperative").get(pk=survey.pk)
        if row.state != SurveyState.DRAFT or lacks(row):
            return False
        Survey.objects.filter(pk=row.pk).update(state=SurveyState.OPEN, opened_at=clock.now(), opened_by=by)
        if row.asks_address:
            posted = asked(row).filter(handover=Handover.POST, state__in=BEFORE_LEAVING)
            address_locks.ask_until(Pledge.objects.filter(pk__in=posted.values("pledge")), row.lock_on)
        outbox.queue_all(_mails(row, OPENED, _untold(row)))
    survey.refresh_from_db()
    return True


def _key(survey: Survey) -> str:
    return f"survey:{survey.pk}"


def _mails(survey: Survey, kind: str, pledges: QuerySet[Pledge]) -> Iterator[OutgoingMail]:
    for pledge in pledges.select_related("backer").order_by("pk").iterator(500):
        yield outbox.mail_for(
            kind_of(kind),
            cooperative=survey.cooperative,
            subject_key=pledge.key,
            occasion=_key(survey),
            to=pledge.backer,
        )


def _told(survey: Survey, kind: str) -> QuerySet[OutgoingMail]:
    """The mail of that kind to the outer contribution."""
    about = Concat(Value("pledge:"), Cast(OuterRef("pk"), CharField()))
    return OutgoingMail.objects.filter(kind=kind, subject_key=about, occasion=_key(survey))


def _untold(survey: Survey) -> QuerySet[Pledge]:
    """Asked and not written to yet: everyone at the opening, later those who came since."""
    waiting = Pledge.objects.filter(pk__in=unanswered(survey).values("pledge"))
    return waiting.exclude(Exists(_told(survey, OPENED)))


def reminders(survey: Survey) -> dict[str, date]:
    """The day of each reminder; the first falls away where it would not come before the last."""
    if survey.opened_at is None:
        return {}
    opened = survey.opened_at.astimezone(ZoneInfo(survey.cooperative.time_zone)).date()
    length = survey.lock_on - opened
    first = survey.lock_on - FIRST_BEFORE if length >= 2 * FIRST_BEFORE else opened + timedelta(days=length.days // 2)
    last = survey.lock_on - LAST_BEFORE
    days = {FIRST: first} if opened < first < last else {}
    return days | ({LAST: last} if opened < last else {})


def attend(survey: Survey) -> None:
    """What is due now: the lock, or the mails to those who came since and to those who have not answered."""
    if survey.state != SurveyState.OPEN:
        return
    today = today_in(survey.cooperative)
    if survey.lock_on < today:
        lock(survey)
        return
    outbox.queue_all(_mails(survey, OPENED, _untold(survey)))
    days = reminders(survey)
    if LAST in days and today >= days[LAST]:
        outbox.queue_all(_mails(survey, LAST, _to_remind(survey, today)))
    elif FIRST in days and today >= days[FIRST]:
        outbox.queue_all(_mails(survey, FIRST, _to_remind(survey, today)))


def _to_remind(survey: Survey, today: date) -> QuerySet[Pledge]:
    """Who has not answered; not those who heard of it today."""
    midnight = datetime.combine(today, time(), ZoneInfo(survey.cooperative.time_zone))
    earlier = _told(survey, OPENED).filter(created_at__lt=midnight)
    return Pledge.objects.filter(Exists(earlier), pk__in=unanswered(survey).values("pledge"))


def lock(survey: Survey) -> bool:
    """Nothing may be answered any more: defaults count for who did not. Once."""
    return bool(
        Survey.objects.filter(pk=survey.pk, state=SurveyState.OPEN).update(
            state=SurveyState.LOCKED, locked_at=clock.now()
        )
    )


def reply(survey: Survey, pledge: Pledge, given: dict[int, list[Given]], language: str) -> bool:
    """Write the answers of a backer, by item; they replace earlier ones. False once it takes none."""
    with transaction.atomic():
        Pledge.objects.select_for_update().get(pk=pledge.pk)
        row = Survey.objects.select_related("cooperative").get(pk=survey.pk)
        mine = asked(row).filter(pledge=pledge, pk__in=given)
        if not takes_answers(row) or mine.count() != len(given):
            return False
        for item_id, answers in given.items():
            _write(row, item_id, answers, language)
    return True


def _write(survey: Survey, item_id: int, answers: Iterable[Given], language: str) -> None:
    made, _new = SurveyReply.objects.update_or_create(
        survey=survey,
        item_id=item_id,
        defaults={"cooperative_id": survey.cooperative_id, "language": language, "replied_at": clock.now()},
    )
    made.answers.all().delete()
    SurveyAnswer.objects.bulk_create(
        SurveyAnswer(reply=made, question=one.question, number=one.number, option=one.option, text=one.text)
        for one in answers
    )
