"""Events: the signature is checked, and of the payload only its head is believed."""

from collections.abc import Iterator
from datetime import UTC, datetime

import stripe
from django.conf import settings

from pledges.gateway.client import is_of_rehearsal
from pledges.gateway.errors import Refused
from pledges.gateway.types import OWN_PAGE, EventHead


def read_event(payload: bytes, signature: str) -> EventHead:
    """The head of a signed event. Raises Refused for a bad signature or a body that is no event.

    The test mode signs by a secret of its own, and only what is a rehearsal's: neither speaks for the other.
    """
    if not signature.isascii():
        raise Refused("The signature holds letters that none has.")
    error = ""
    for secret, for_rehearsals in _secrets():
        try:
            found = stripe.Webhook.construct_event(payload, signature, secret)
        except (ValueError, stripe.SignatureVerificationError) as refused:
            error = error or str(refused)
            continue
        error = "It was signed by the secret of another mode."
        if is_of_rehearsal(_account_of(found)) == for_rehearsals:
            return as_head(found, _account_of(found))
    raise Refused(error)


def _secrets() -> Iterator[tuple[str, bool]]:
    yield settings.STRIPE_WEBHOOK_SECRET, False
    if settings.STRIPE_TEST_WEBHOOK_SECRET:
        yield settings.STRIPE_TEST_WEBHOOK_SECRET, True


def _account_of(event: stripe.Event) -> str:
    return getattr(event, "account", None) or ""


def as_head(event: stripe.Event, account: str) -> EventHead:
    """What we keep of an event of this account (empty: the platform's)."""
    found = event.data.object.to_dict()
    return EventHead(
        id=event.id,
        account=account,
        kind=event.type,
        object_id=found.get("id") or "",
        reference=found.get("client_reference_id") or (found.get("metadata") or {}).get(OWN_PAGE) or "",
        created_at=datetime.fromtimestamp(event.created, tz=UTC),
    )
