"""Hosted pages (Checkout Sessions) by redirect: `setup` saves a card, `payment` charges one."""

from typing import cast

import stripe
from stripe.params.checkout import SessionCreateParams

from pledges.gateway.cards import as_card
from pledges.gateway.client import acting_on, client, on
from pledges.gateway.errors import Refused, translated
from pledges.gateway.payments import as_intent, read_payment
from pledges.gateway.types import OWN_PAGE, Session, SessionRequest

EXPAND = ["setup_intent.payment_method", "payment_intent.payment_method"]


def open_session(account: str, request: SessionRequest) -> Session:
    """A new hosted page, or the same one again for the same key. Raises Refused or Unavailable.

    Stripe: `expires_at` must lie at least 30 minutes ahead.
    """
    with translated():
        made = client(account).v1.checkout.sessions.create(_params(request), acting_on(account, request.key))
    return Session(made.id, made.url or "", made.status or "open")


def read_session(account: str, session: str) -> Session:
    """The page as it stands now, with what was saved or paid. Raises Refused or Unavailable."""
    with translated():
        found = client(account).v1.checkout.sessions.retrieve(session, {"expand": EXPAND}, on(account))
    setup, intent = found.setup_intent, found.payment_intent
    paid = isinstance(intent, stripe.PaymentIntent) and found.status == "complete"
    return Session(
        id=found.id,
        url=found.url or "",
        status=found.status or "open",
        intent=read_payment(account, as_intent(intent).id)
        if paid and isinstance(intent, stripe.PaymentIntent)
        else None,
        card=as_card(setup.payment_method) if isinstance(setup, stripe.SetupIntent) else None,
    )


def end_session(account: str, session: str) -> None:
    """Expire a page that is still open; one that is over already is left as it is: read it back to know how.

    Raises Unavailable.
    """
    try:
        with translated():
            client(account).v1.checkout.sessions.expire(session, options=acting_on(account))
    except Refused:
        return


def _params(request: SessionRequest) -> SessionCreateParams:
    shared: dict[str, object] = {
        "customer": request.customer,
        "currency": request.currency.lower(),
        "allowed_payment_method_types": ["card"],
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "expires_at": int(request.expires_at.timestamp()),
        "client_reference_id": request.key,
        "custom_text": {"submit": {"message": request.text}},
        "locale": "fr-CA" if request.language == "fr" else "en",
        "metadata": request.metadata,
    }
    named = request.metadata | {OWN_PAGE: request.key}  # a card that is declined is told of its intent alone
    if not request.lines:
        return cast(SessionCreateParams, shared | {"mode": "setup", "setup_intent_data": {"metadata": named}})
    payment: dict[str, object] = {"metadata": named}
    if request.commission:  # Stripe: an application fee is a positive amount, or left out
        payment["application_fee_amount"] = request.commission
    return cast(
        SessionCreateParams,
        shared | {"mode": "payment", "line_items": _line_items(request), "payment_intent_data": payment},
    )


def _line_items(request: SessionRequest) -> list[dict[str, object]]:
    return [
        {
            "quantity": line.quantity,
            "price_data": {
                "currency": request.currency.lower(),
                "unit_amount": line.unit_amount,
                "product_data": {"name": line.name},
            },
        }
        for line in request.lines
    ]
