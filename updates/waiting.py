"""Readers whose text was missing, and for whom it was chosen to wait: their mails leave once their text is online.

Publishing the translation nudges it, and the tick finds what was published in other ways.

What happens when the process dies:
- before the commit: the mails go on waiting, and the tick finds that the text is there;
- after it: the mails are queued, and a second run finds nothing that waits.
"""

from django.db import transaction

from home.languages import LANGUAGES
from home.mail import holding
from home.models import HeldFor, MailState, OutgoingMail, User
from home.tenancy import across_cooperatives, within
from updates import sending
from updates.enums import Act, MailingKind
from updates.models import Mailing, Update
from updates.sending import Refusal, SendingRefused
from updates.texts import UpdateTexts, lacks_french, texts_of


def release_all() -> int:
    """For the tick: all mails whose reader's text has come. Returns how many were let go."""
    with across_cooperatives():
        held = OutgoingMail.objects.filter(stage=MailState.HELD, held_for=HeldFor.TEXT)
        keys = [batch.removeprefix("mailing:") for batch in held.order_by().values_list("batch", flat=True).distinct()]
        found = list(Mailing.objects.filter(pk__in=keys).select_related("cooperative").order_by("pk"))
    released = 0
    for mailing in found:
        with within(mailing.cooperative):
            released += release(mailing)
    return released


def release_update(update: Update) -> int:
    """The mails of one update, when a page of it was published."""
    return sum(release(mailing) for mailing in update.mailings.order_by("pk") if waiting_in(mailing))


def release(mailing: Mailing) -> int:
    """Let go the mails whose text is online. Returns how many; none the second time."""
    texts = texts_of(_update_of(mailing))
    there = [language for language in LANGUAGES if language not in missing_for(mailing, texts)]
    if not holding.waiting_for_text(mailing.key, there).exists():
        return 0
    with transaction.atomic():
        held = sending.hold_row(mailing)
        if held.kind == MailingKind.DELAY:
            _complete_notices(texts)
        count = holding.release_text(held.key, there)
        if count:
            _moved(held, Act.TEXT_CAME, None, count)
    return count


def send_with_note(mailing: Mailing, *, by: User | None) -> int:
    """Wait no longer: the other language, with a note. Returns how many leave. Raises SendingRefused."""
    texts = texts_of(_update_of(mailing))
    if texts.source is None:
        raise SendingRefused(Refusal.NOT_LIVE)
    if lacks_french(missing_for(mailing, texts), texts.update):
        raise SendingRefused(Refusal.FRENCH_MISSING)
    with transaction.atomic():
        held = sending.hold_row(mailing)
        count = holding.release_text(held.key)
        if count:
            _moved(held, Act.SENT_WITH_NOTE, by, count)
    return count


def cancel(mailing: Mailing, *, by: User | None) -> int:
    """Whoever waits gets nothing. Returns how many. Raises SendingRefused where the mail is about what is owed."""
    if mailing.kind == MailingKind.DELAY:
        raise SendingRefused(Refusal.OWED)
    with transaction.atomic():
        held = sending.hold_row(mailing)
        count = holding.cancel_waiting(held.key)
        if count:
            sending.record(held, Act.WAITING_CANCELLED, by, detail=str(count))
    return count


def waiting_in(mailing: Mailing) -> bool:
    return holding.waiting_for_text(mailing.key).exists()


def missing_for(mailing: Mailing, texts: UpdateTexts) -> list[str]:
    return texts.missing_for_notices if mailing.kind == MailingKind.DELAY else texts.missing_for_news


def _moved(held: Mailing, act: Act, by: User | None, count: int) -> None:
    sending.record(held, act, by, detail=str(count))
    sending.reopen(held)


def _complete_notices(texts: UpdateTexts) -> None:
    """The record of an announced notice takes the language it lacked; what it says already never changes."""
    texts_by_block = {text.block_id: text for text in texts.notices}
    for notice in texts.update.delay_notices.all():
        text = texts_by_block.get(notice.block_id)
        if text is None:
            continue
        for language in text.languages:
            lacking = texts.update.delay_notices.filter(pk=notice.pk, **{f"reason_{language}": ""})
            lacking.update(
                **{
                    f"reason_{language}": text.reason[language],
                    f"next_steps_{language}": text.next_steps[language],
                }
            )


def _update_of(mailing: Mailing) -> Update:
    rows = Update.objects.select_related("campaign__source_locale", "campaign__cooperative", "cooperative")
    return rows.get(pk=mailing.update_id)
