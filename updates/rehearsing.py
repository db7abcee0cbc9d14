"""A mail as a reader will get it, without writing a row: for previews, and for a test to oneself.

Its personal links lead to public pages: an editor must not be able to act for a backer.
"""

from django.core.mail import EmailMultiAlternatives

from home import clock, outbox
from home.mail import composing
from home.mail.registry import kind_of
from home.models import Backer, OutgoingMail, User
from home.tenancy import within
from updates import announcing, audience, thanking
from updates.enums import MailingKind
from updates.models import DelayNotice, Update
from updates.texts import UpdateTexts


def rehearse(update: Update, texts: UpdateTexts, kind: MailingKind, reader: Backer) -> EmailMultiAlternatives:
    """The message this reader would get now."""
    with within(update.cooperative):
        return composing.compose(_unsaved(update, texts, kind, reader))


def send_test(message: EmailMultiAlternatives, to: User) -> None:
    """Raises OSError if the provider is not there or says no."""
    message.to = [to.email]
    message.extra_headers.pop("Message-ID", None)
    message.send()


def _unsaved(update: Update, texts: UpdateTexts, kind: MailingKind, reader: Backer) -> OutgoingMail:
    if kind == MailingKind.NEWS:
        key = thanking.news_kind_of(update).key
        facts = _news_facts(update, reader)
    else:
        key, facts = audience.DELAY_MAIL, _delay_facts(update, texts, reader)
    return outbox.mail_for(kind_of(key), cooperative=update.cooperative, subject_key=update.key, to=reader, facts=facts)


def _news_facts(update: Update, reader: Backer) -> dict[str, object]:
    topic = update.campaign.translation_key
    consent = reader.news_consents.filter(topic=topic, withdrawn_at=None).first()
    granted = consent.granted_at if consent else clock.now()
    return {"topic": str(topic), "consent_date": granted.isoformat()}


def _delay_facts(update: Update, texts: UpdateTexts, reader: Backer) -> dict[str, object]:
    rows: dict[int, DelayNotice] = {}
    for text in texts.notices:
        row = text.as_row(update)
        rows |= {texts.rewards[tier].pk: row for tier in text.tiers if tier in texts.rewards}
    items = announcing.concerned_by(update, audience.changes_in(texts), [reader])[reader.pk]
    facts = announcing.facts_for(items, rows)
    in_order = {rows[item.reward_id].block_id: rows[item.reward_id] for item in items}.values()
    return {"notices": [entry | {"unsaved": row} for entry, row in zip(facts["notices"], in_order, strict=True)]}
