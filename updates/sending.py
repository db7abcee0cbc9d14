"""Sending news of an update: the state machine of a mailing, whose audience is frozen as rows of outgoing mail.

Freezing, being sent, done. The rows, the mailing and its first two states are written in one transaction.

What happens when the process dies:
- before the commit: nothing was written, and nobody gets anything;
- after it: the rows are there, and the tick finds them (home.outbox);
- before `finish` ran: the tick runs it again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.db import transaction
from django.db.models import Count, Q, QuerySet

from campaigns.models import Campaign
from home import clock, outbox
from home.models import Backer, MailState, NewsConsent, OutgoingMail, User
from home.tenancy import across_cooperatives
from updates import audience, thanking
from updates.enums import MailingKind, MailingState, MissingLanguage
from updates.models import Mailing, Update
from updates.texts import UpdateTexts, lacks_french, texts_of

UNFINISHED = [MailState.QUEUED, MailState.HELD, MailState.LEAVING]


class Refusal(StrEnum):
    """Why nothing was sent or announced."""

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


class SendingRefused(Exception):
    """Nothing was written."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal)
        self.refusal = refusal


@dataclass(frozen=True)
class Progress:
    """How far a mailing has got, in mails."""

    total: int
    sent: int
    waiting: int
    failed: int
    in_doubt: int
    suppressed: int
    cancelled: int


def send_news(update: Update, *, by: User | None, missing_language: MissingLanguage) -> Mailing:
    """Freeze who gets the news and let it leave. Whoever got this update before gets nothing. Raises SendingRefused."""
    with transaction.atomic():
        lock(update)
        texts = texts_of(update)
        check_texts(texts, texts.missing_for_news, missing_language)
        mailing = open_mailing(update, MailingKind.NEWS, by, missing_language if texts.missing_for_news else None)
        for backers in audience.in_chunks(audience.readers(update, MailingKind.NEWS, pending_changes(texts))):
            outbox.write_all(_news_mails(mailing, backers))
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
    if missing and chosen != MissingLanguage.SEND_OTHER:
        raise SendingRefused(Refusal.TEXT_MISSING)


def open_mailing(update: Update, kind: MailingKind, by: User | None, missing: MissingLanguage | None) -> Mailing:
    return Mailing.objects.create(
        cooperative_id=update.cooperative_id,
        update=update,
        kind=kind,
        missing_language=missing or MissingLanguage.NONE,
        created_at=clock.now(),
        created_by=by,
    )


def start(mailing: Mailing) -> bool:
    """Frozen: what was written may leave once committed. False if nobody is written to."""
    moved = Mailing.objects.filter(pk=mailing.pk, state=MailingState.FREEZING).update(state=MailingState.SENDING)
    mailing.refresh_from_db()
    transaction.on_commit(outbox.nudge)
    return bool(moved) and mails_of(mailing).exists()


def _news_mails(mailing: Mailing, backers: list[Backer]) -> Iterable[OutgoingMail]:
    update = mailing.update
    kind = thanking.news_kind_of(update)
    topic = update.campaign.translation_key
    granted = dict(
        NewsConsent.objects.filter(backer__in=backers, topic=topic, withdrawn_at=None).values_list(
            "backer_id", "granted_at"
        )
    )
    for backer in backers:
        yield outbox.mail_for(
            kind,
            cooperative=update.cooperative,
            subject_key=update.key,
            to=backer,
            batch=mailing.key,
            facts={"topic": str(topic), "consent_date": granted[backer.pk].isoformat()},
        )


def mails_of(mailing: Mailing) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(batch=mailing.key)


def progress(mailing: Mailing) -> Progress:
    return progress_of_all([mailing])[mailing.pk]


def progress_of_all(mailings: Iterable[Mailing]) -> dict[int, Progress]:
    """By id; one query, however many mailings."""
    by_key = {mailing.key: mailing.pk for mailing in mailings}
    counts = {
        "total": Count("pk"),
        "sent": _count(MailState.SENT),
        "waiting": _count(*UNFINISHED),
        "failed": _count(MailState.FAILED),
        "in_doubt": _count(MailState.IN_DOUBT),
        "suppressed": _count(MailState.SUPPRESSED),
        "cancelled": _count(MailState.CANCELLED),
    }
    found = dict.fromkeys(by_key.values(), Progress(**dict.fromkeys(counts, 0)))
    mails = OutgoingMail.objects.filter(batch__in=by_key).order_by().values("batch").annotate(**counts)
    for batch, *numbers in mails.values_list("batch", *counts):
        found[by_key[batch]] = Progress(**dict(zip(counts, numbers, strict=True)))
    return found


def _count(*states: MailState) -> Count:
    return Count("pk", filter=Q(state__in=states))


def finish_all() -> int:
    """Mark as done the mailings of which nothing waits any more. Returns how many."""
    with across_cooperatives():
        return sum(_finish(mailing) for mailing in Mailing.objects.filter(state=MailingState.SENDING))


def _finish(mailing: Mailing) -> bool:
    if mails_of(mailing).filter(state__in=UNFINISHED).exists():
        return False
    being_sent = Mailing.objects.filter(pk=mailing.pk, state=MailingState.SENDING)
    return bool(being_sent.update(state=MailingState.DONE, done_at=clock.now()))
