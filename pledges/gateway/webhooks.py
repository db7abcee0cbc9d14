"""Events: the signature is checked, and of the payload only its head is believed."""

from datetime import UTC, datetime

import stripe
from django.conf import settings

from pledges.gateway.errors import Refused
from pledges.gateway.types import EventHead


def read_event(payload: bytes, signature: str) -> EventHead:
    """The head of a signed event. Raises Refused for a bad signature or a body that is no event."""
    if not signature.isascii():
        raise Refused("The signature holds letters that none has.")
    try:
        event = stripe.Webhook.construct_event(payload, signature, settings.STRIPE_WEBHOOK_SECRET)
    except (ValueError, stripe.SignatureVerificationError) as error:
        raise Refused(str(error)) from error
    return as_head(event, getattr(event, "account", None) or "")


def as_head(event: stripe.Event, account: str) -> EventHead:
    """What we keep of an event of this account (empty: the platform's)."""
    found = event.data.object.to_dict()
    return EventHead(
        id=event.id,
        account=account,
        kind=event.type,
        object_id=found.get("id") or "",
        reference=found.get("client_reference_id") or "",
        created_at=datetime.fromtimestamp(event.created, tz=UTC),
    )
