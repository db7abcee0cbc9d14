"""What providers tell of mails that left: delivered, bounced, complained about.

An event is stored once, however often it comes. What a mail's row says of it follows from the set of its events alone,
so that their order changes nothing. What an event causes elsewhere (an address that news no longer goes to) is done
when it is stored, and not again by its repetition.

Openings and clicks are not kept: nobody's reading is followed here.
"""

import hashlib
import logging
import re
from datetime import datetime
from typing import Any
from uuid import UUID

from anymail.signals import AnymailTrackingEvent, EventType, tracking
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from home import backing, clock, outbox
from home.mail import bounces
from home.mail.composing import ROW
from home.mail.registry import Category, all_kinds
from home.models import MailEvent, OutgoingMail, Withdrawal
from home.tenancy import across_cooperatives, within

log = logging.getLogger(__name__)

REFUSALS = {EventType.BOUNCED, EventType.REJECTED, EventType.FAILED}

#: What is kept: each says that the provider had the mail.
KEPT = REFUSALS | {
    EventType.QUEUED,
    EventType.SENT,
    EventType.DEFERRED,
    EventType.DELIVERED,
    EventType.COMPLAINED,
    EventType.UNSUBSCRIBED,
}

ADDRESS = re.compile(r"\S+@\S+")
LONGEST_KEY = 120


def connect() -> None:
    tracking.connect(receive, dispatch_uid="home.mail.tracking")


def receive(sender: Any, event: AnymailTrackingEvent, esp_name: str, **kwargs: Any) -> None:
    """Take one event of a webhook whose signature or secret was checked. What is not about a mail of ours is left."""
    if event.event_type not in KEPT:
        return
    with across_cooperatives():
        found = _mails_of(event).select_related("cooperative").first()
    if found is None:
        log.info("%s tells of a mail that is not known here: %s", esp_name, event.event_type)
        return
    with within(found.cooperative), transaction.atomic():
        rows = OutgoingMail.objects.select_for_update(of=("self",)).select_related("cooperative", "backer")
        mail = rows.get(pk=found.pk)
        stored = _store(mail, event, esp_name)
        if stored is not None:
            _act_on(mail, stored)
            derive(mail)


def _mails_of(event: AnymailTrackingEvent) -> QuerySet[OutgoingMail]:
    """By the name of our own that the provider says back, else by the provider's name and the address."""
    mails = OutgoingMail.objects.order_by("pk")
    if token := _token_of(event):
        return mails.filter(token=token)
    if not (event.message_id and event.recipient):
        return mails.none()
    return mails.filter(provider_id=_text(event.message_id)[:160], address__iexact=_text(event.recipient).strip())


def _text(said: Any) -> str:
    """As a database takes it, whatever it was."""
    return str(said).replace("\0", "").encode(errors="replace").decode()


def _token_of(event: AnymailTrackingEvent) -> UUID | None:
    """In the metadata, or in our own Message-ID where the provider left it as it was."""
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    own_id, _, domain = str(event.message_id or "").strip("<>").partition("@")
    for said in (metadata.get(ROW), own_id if domain == settings.MAIL_DOMAIN else None):
        try:
            return UUID(str(said))
        except ValueError:
            continue
    return None


def _store(mail: OutgoingMail, event: AnymailTrackingEvent, provider: str) -> MailEvent | None:
    """The event as it is kept; None if it is already."""
    said = " ".join(str(part) for part in (event.description, event.mta_response) if part)
    row, created = MailEvent.objects.get_or_create(
        provider=provider[:40],
        event_key=_key_of(mail, event),
        defaults={
            "cooperative": mail.cooperative,
            "mail": mail,
            "kind": event.event_type,
            "is_final": bounces.is_for_good(provider, event),
            "detail": ADDRESS.sub("…", _text(said))[:300],
            "happened_at": event.timestamp,
            "received_at": clock.now(),
        },
    )
    return row if created else None


def _key_of(mail: OutgoingMail, event: AnymailTrackingEvent) -> str:
    """The provider's name of the event (one may tell of several mails); where it gives none, what identifies it.

    Mailgun's own name of it is unique within a day, and stays when it is told again; anymail reads another.
    """
    name = str(bounces.said(event.esp_event, "event-data", "id") or event.event_id or "")
    if not name or len(name) > LONGEST_KEY or name != _text(name):
        parts = (name, event.event_type, event.message_id, event.timestamp, event.mta_response)
        name = hashlib.sha256("|".join(str(part) for part in parts).encode(errors="replace")).hexdigest()
    return f"{mail.pk}:{event.event_type}:{name}"


def _act_on(mail: OutgoingMail, event: MailEvent) -> None:
    """What follows for the address that the mail went to, whatever its reader's address is by now."""
    if not mail.address:
        return
    if event.is_final:
        backing.suppress(mail.cooperative, mail.address, backing.BOUNCED)
    elif event.kind == EventType.COMPLAINED and mail.backer:
        backing.suppress(mail.cooperative, mail.address, backing.COMPLAINED)
    elif event.kind == EventType.UNSUBSCRIBED and mail.backer and _is_news(mail):
        backing.withdraw_news(mail.backer, UUID(mail.facts["topic"]), Withdrawal.PROVIDER)


def _is_news(mail: OutgoingMail) -> bool:
    return mail.kind in {kind.key for kind in all_kinds() if kind.category == Category.NEWS} and "topic" in mail.facts


def derive(mail: OutgoingMail) -> None:
    """Bring the row in step with the set of its events."""
    events = list(mail.events.all())
    refused = [one for one in events if one.kind in REFUSALS and not one.is_final]
    for_good = [one for one in events if one.is_final]
    delivered = _first(one for one in events if one.kind == EventType.DELIVERED)
    arrives_not = refused and not (delivered or for_good)
    outbox.settle_as_told(
        mail,
        refusal=max(refused, key=_when).detail or str(max(refused, key=_when).kind) if arrives_not else "",
        left_at=_first(events) or clock.now(),
        delivered_at=delivered,
        bounced_at=_first(for_good),
        complained_at=_first(one for one in events if one.kind == EventType.COMPLAINED),
    )


def _when(event: MailEvent) -> datetime:
    return event.happened_at or event.received_at


def _first(events: Any) -> datetime | None:
    return min((_when(one) for one in events), default=None)
