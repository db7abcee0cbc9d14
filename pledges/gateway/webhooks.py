"""Events: the signature is checked, and of the payload only its head is believed."""

from collections.abc import Iterator
from datetime import UTC, datetime

import stripe
from django.conf import settings

from pledges.gateway.client import is_of_rehearsal
from pledges.gateway.errors import Refused
from pledges.gateway.types import OWN_PAGE, EventHead

#: How reading a body fails that is not shaped as an event is.
UNREADABLE = (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError)

#: How long what is kept of an event may be: its id, account, kind, object and reference.
LONGEST = (80, 60, 80, 120, 200)


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
        except UNREADABLE as unreadable:
            raise Refused(f"The body is no event: {type(unreadable).__name__}") from unreadable
        error = "It was signed by the secret of another mode."
        head = _head_of(found)
        if is_of_rehearsal(head.account) == for_rehearsals:
            return head
    raise Refused(error)


def _head_of(event: stripe.Event) -> EventHead:
    """Raises Refused for one that lacks what every event has, or has it otherwise than our rows can keep it."""
    try:
        head = as_head(event, _account_of(event))
    except UNREADABLE as unreadable:
        raise Refused(f"The body is no event: {type(unreadable).__name__}") from unreadable
    texts = (head.id, head.account, head.kind, head.object_id, head.reference)
    kept = zip(texts, LONGEST, strict=True)
    if not head.id or not all(isinstance(one, str) and len(one) <= most and "\0" not in one for one, most in kept):
        raise Refused("The body is no event: a name in it is none.")
    return head


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
