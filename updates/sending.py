"""Sending news of an update: the state machine of a mailing, whose audience is frozen as rows of outgoing mail.

FREEZING -> SENDING -> DONE. SENDING <-> PAUSED. SENDING or PAUSED -> CANCELLED, or DONE where nothing was left to
cancel. DONE -> SENDING when mails that waited for a text, or were in doubt, leave after all. A mailing that is to leave
later is SENDING, and its mails wait for that moment. The rows, the mailing and its first two states are written in one
transaction. Each act holds the mailing's row, so that two at once happen one after the other, and is recorded.

What happens when the process dies:
- before the commit: nothing was written or changed, and nobody gets anything because of it;
- after it: the rows are there, and the tick finds them (home.outbox); a stop stands, and the tick puts in its place
  what comes back to the queue (home.mail.holding);
- before `finish_all` ran: the tick runs it again. The mail about it is written in the same transaction.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Case, CharField, FilteredRelation, Func, Q, QuerySet, Value, When
from django.db.models.functions import JSONObject

from campaigns.models import Campaign
from home import clock, outbox
from home.mail import holding
from home.models import Backer, HeldFor, MailState, OutgoingMail, User
from home.tenancy import across_cooperatives, within
from updates import audience, figures, mailing_emails, thanking
from updates.enums import Act, MailingKind, MailingState, MissingLanguage, PauseReason
from updates.models import Mailing, MailingAct, Update
from updates.texts import UpdateTexts, lacks_french, texts_of

#: What a mailing waits for before it is done. Mails that wait for a text do not keep it from being done.
MOVING = Q(state__in=[MailState.QUEUED, MailState.LEAVING]) | Q(state=MailState.HELD, held_for=HeldFor.DECISION)

FURTHEST = timedelta(days=365)


class Refusal(StrEnum):
    """Why nothing was sent, announced or changed."""

    NOT_LIVE = "not_live"
    MOVED = "moved"
    FRENCH_MISSING = "french_missing"
    TEXT_MISSING = "text_missing"
    NO_ONE = "no_one"
    NO_NOTICE = "no_notice"
    ANNOUNCED = "announced"
    FOREIGN_TIER = "foreign_tier"
    PAST = "past"
    NOT_YET = "not_yet"
    TIME_PAST = "time_past"
    TIME_FAR = "time_far"
    OWED = "owed"
    STARTED = "started"
    ENDED = "ended"


class SendingRefused(Exception):
    """Nothing was written."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


def send_news(
    update: Update, *, by: User | None, missing_language: MissingLanguage, send_at: datetime | None = None
) -> Mailing:
    """Freeze who gets the news and let it leave, now or at a time. Whoever got this update before gets nothing.

    Raises SendingRefused.
    """
    with transaction.atomic():
        lock(update)
        check_time(send_at)
        texts = texts_of(update)
        check_texts(texts, texts.missing_for_news, missing_language)
        missing = missing_language if texts.missing_for_news else None
        mailing = open_mailing(update, MailingKind.NEWS, by, missing, send_at)
        _write_news(mailing, audience.readers(update, MailingKind.NEWS, pending_changes(texts)), texts.missing_for_news)
        if not start(mailing):
            raise SendingRefused(Refusal.NO_ONE)
    return mailing


def lock(update: Update) -> None:
    """Two mailings of a campaign are frozen one after the other, while pledges go on being written."""
    Campaign.objects.select_for_update(no_key=True).get(pk=update.campaign_id)


def pending_changes(texts: UpdateTexts) -> list[audience.Change]:
    """What the update would still change: nothing, once it is announced."""
    return [] if texts.update.delay_notices.exists() else audience.changes_in(texts)


def check_texts(texts: UpdateTexts, missing: list[str], chosen: MissingLanguage) -> None:
    """Both texts, or a recorded choice to go without one. Raises SendingRefused."""
    if texts.source is None:
        raise SendingRefused(Refusal.NOT_LIVE)
    if texts.source.get_parent().translation_key != texts.update.campaign.translation_key:
        raise SendingRefused(Refusal.MOVED)
    if lacks_french(missing, texts.update):
        raise SendingRefused(Refusal.FRENCH_MISSING)
    if missing and chosen not in {MissingLanguage.SEND_OTHER, MissingLanguage.WAIT}:
        raise SendingRefused(Refusal.TEXT_MISSING)


def check_time(send_at: datetime | None) -> None:
    """Raises SendingRefused for a moment that has passed, or is more than a year away."""
    if send_at is None:
        return
    if send_at <= clock.now():
        raise SendingRefused(Refusal.TIME_PAST)
    if send_at > clock.now() + FURTHEST:
        raise SendingRefused(Refusal.TIME_FAR)


def open_mailing(
    update: Update,
    kind: MailingKind,
    by: User | None,
    missing: MissingLanguage | None,
    send_at: datetime | None = None,
) -> Mailing:
    return Mailing.objects.create(
        cooperative_id=update.cooperative_id,
        update=update,
        kind=kind,
        missing_language=missing or MissingLanguage.NONE,
        send_at=send_at,
        created_at=clock.now(),
        created_by=by,
    )


def prepared(mailing: Mailing, mails: Iterable[OutgoingMail], missing: list[str]) -> Iterable[OutgoingMail]:
    """Not before the mailing's moment; held, where its reader's text is missing and it was chosen to wait for it."""
    for mail in mails:
        mail.not_before = mailing.send_at
        if mailing.missing_language == MissingLanguage.WAIT and mail.language in missing:
            mail.state, mail.held_for = MailState.HELD, HeldFor.TEXT
        yield mail


def start(mailing: Mailing) -> bool:
    """Frozen: what was written may leave once committed. False if nobody is written to."""
    moved = Mailing.objects.filter(pk=mailing.pk, state=MailingState.FREEZING).update(state=MailingState.SENDING)
    mailing.refresh_from_db()
    transaction.on_commit(outbox.nudge)
    return bool(moved) and mails_of(mailing).exists()


class _IsoMoment(Func):
    """An instant in UTC as `datetime.isoformat` writes it."""

    output_field = CharField()
    template = """to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"""

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="replace(%(expressions)s, ' ', 'T') || '+00:00'", **context)


def _write_news(mailing: Mailing, backers: QuerySet[Backer], missing: list[str]) -> None:
    """The rows of `prepared`, by one statement; what was true of each reader is read by it too."""
    update = mailing.update
    topic = update.campaign.translation_key
    standing = Q(news_consents__topic=topic, news_consents__withdrawn_at=None)
    waits = Q(language__in=missing if mailing.missing_language == MissingLanguage.WAIT else [])
    outbox.write_selected(
        thanking.news_kind_of(update),
        backers.annotate(standing=FilteredRelation("news_consents", condition=standing)),
        cooperative=update.cooperative,
        subject_key=update.key,
        batch=mailing.key,
        not_before=mailing.send_at,
        facts=JSONObject(topic=Value(str(topic)), consent_date=_IsoMoment("standing__granted_at")),
        state=_where(waits, MailState.HELD, MailState.QUEUED),
        held_for=_where(waits, HeldFor.TEXT, HeldFor.NOTHING),
    )


def _where(condition: Q, then: str, otherwise: str) -> Case:
    return Case(When(condition, then=Value(str(then))), default=Value(str(otherwise)), output_field=CharField())


def mails_of(mailing: Mailing) -> QuerySet[OutgoingMail]:
    return holding.of_batch(mailing.key)


def pause(mailing: Mailing, *, by: User | None, reason: PauseReason = PauseReason.PERSON) -> bool:
    """Nothing more leaves until `resume`. False if it was not being sent (any more)."""
    with transaction.atomic():
        held = hold_row(mailing)
        if held.state != MailingState.SENDING:
            return False
        held.state, held.pause_reason, held.paused_at, held.paused_by = MailingState.PAUSED, reason, clock.now(), by
        held.save(update_fields=["state", "pause_reason", "paused_at", "paused_by"])
        holding.hold(held.cooperative, held.key)
        record(held, Act.PAUSED, by, detail=reason)
        if by is None:
            mailing_emails.tell_paused(held, figures.figures_of(held))
    return True


def resume(mailing: Mailing, *, by: User | None) -> bool:
    """What `pause` held may leave. False if it was not paused (any more)."""
    with transaction.atomic():
        held = hold_row(mailing)
        if held.state != MailingState.PAUSED:
            return False
        held.state, held.pause_reason = MailingState.SENDING, PauseReason.NONE
        held.save(update_fields=["state", "pause_reason"])
        holding.release(held.key)
        record(held, Act.RESUMED, by)
        transaction.on_commit(outbox.nudge)
    return True


def cancel(mailing: Mailing, *, by: User | None) -> int:
    """What has not left never leaves; done, if nothing was left. How many mails that is; none the second time.

    Raises SendingRefused for a mail about what people are owed, which may be paused only.
    """
    if mailing.kind == MailingKind.DELAY:
        raise SendingRefused(Refusal.OWED)
    with transaction.atomic():
        held = hold_row(mailing)
        if held.state not in {MailingState.SENDING, MailingState.PAUSED}:
            return 0
        leaving = mails_of(held).filter(state=MailState.LEAVING).exists()
        count = holding.cancel(held.cooperative, held.key)
        now, ended = clock.now(), {}
        if count or leaving:
            ended = {"state": MailingState.CANCELLED, "cancelled_at": now, "cancelled_by": by}
        else:
            ended = {"state": MailingState.DONE, "done_at": now}
        Mailing.objects.filter(pk=held.pk).update(**ended, pause_reason=PauseReason.NONE)
        record(held, Act.CANCELLED, by, detail=str(count))
    return count


def reschedule(mailing: Mailing, *, by: User | None, send_at: datetime | None) -> None:
    """Another moment for a mailing whose moment has not come; none: now. Raises SendingRefused."""
    check_time(send_at)
    with transaction.atomic():
        held = hold_row(mailing)
        if held.state not in {MailingState.SENDING, MailingState.PAUSED}:
            raise SendingRefused(Refusal.ENDED)
        if not held.is_to_come:
            raise SendingRefused(Refusal.STARTED)
        Mailing.objects.filter(pk=held.pk).update(send_at=send_at)
        waiting = mails_of(held).filter(state__in=[MailState.QUEUED, MailState.HELD], attempts=0)
        waiting.update(not_before=send_at)
        record(held, Act.RESCHEDULED, by, detail=send_at.isoformat() if send_at else "")
        transaction.on_commit(outbox.nudge)


def settle_doubt(mailing: Mailing, mail: OutgoingMail, *, left: bool, by: User | None) -> bool:
    """What someone found out about a mail in doubt. False if it was settled already, or is not to leave any more."""
    with transaction.atomic():
        held = hold_row(mailing)
        if held.state == MailingState.CANCELLED and not left:
            return False
        if mail.batch != held.key or not holding.settle_doubt(mail, left=left):
            return False
        if not left:
            reopen(held)
        record(held, Act.DOUBT_LEFT if left else Act.DOUBT_AGAIN, by, detail=str(mail.pk))
    return True


def reopen(held: Mailing) -> None:
    """Mails of a mailing that was done leave after all."""
    if held.state == MailingState.DONE:
        held.state, held.done_at = MailingState.SENDING, None
        held.save(update_fields=["state", "done_at"])
    transaction.on_commit(outbox.nudge)


def hold_row(mailing: Mailing) -> Mailing:
    """The mailing as it stands, held until the end of the transaction."""
    rows = Mailing.objects.select_for_update(of=("self",)).select_related("cooperative", "update")
    return rows.get(pk=mailing.pk)


def record(mailing: Mailing, act: Act, by: User | None, *, detail: str = "") -> None:
    now = figures.figures_of(mailing)
    MailingAct.objects.create(
        cooperative_id=mailing.cooperative_id,
        mailing=mailing,
        act=act,
        at=clock.now(),
        by=by,
        detail=detail,
        tried=now.tried,
        bounced=now.bounced,
        complained=now.complained,
    )


def finish_all() -> int:
    """Mark as done the mailings of which nothing moves any more, and tell the team. Returns how many."""
    with across_cooperatives():
        sending = list(Mailing.objects.filter(state=MailingState.SENDING).select_related("cooperative", "update"))
    return sum(_finish(mailing) for mailing in sending)


def _finish(mailing: Mailing) -> bool:
    with within(mailing.cooperative):
        if mails_of(mailing).filter(MOVING).exists():  # asked first, so that a long mailing is not locked every time
            return False
        with transaction.atomic():
            held = hold_row(mailing)
            if held.state != MailingState.SENDING or mails_of(held).filter(MOVING).exists():
                return False
            now = figures.figures_of(held)
            if now.text and now.text == now.total:
                return False
            held.state, held.done_at = MailingState.DONE, clock.now()
            held.save(update_fields=["state", "done_at"])
            mailing_emails.tell_finished(held)
            return True
