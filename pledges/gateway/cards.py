"""Saved cards."""

from datetime import date

import stripe

from pledges.gateway.client import acting_on, client, on
from pledges.gateway.errors import Refused, translated
from pledges.gateway.types import Card


def as_card(method: stripe.PaymentMethod | str | None) -> Card | None:
    """An expanded card, else None."""
    if method is None or isinstance(method, str) or method.card is None:
        return None
    return Card(method.id, method.card.last4 or "", date(method.card.exp_year, method.card.exp_month, 1))


def is_attached(account: str, payment_method: str) -> bool:
    """Whether a card can still be charged: one that was detached never can again. Raises Unavailable."""
    try:
        with translated():
            method = client(account).v1.payment_methods.retrieve(payment_method, options=on(account))
    except Refused as refused:
        if refused.is_gone:
            return False
        raise
    return method.customer is not None


def forget_card(account: str, payment_method: str) -> None:
    """Detach a card; one that is already detached or gone is forgotten too. Raises Unavailable."""
    try:
        with translated():
            client(account).v1.payment_methods.detach(payment_method, options=acting_on(account))
    except Refused:
        with translated():
            method = client(account).v1.payment_methods.retrieve(payment_method, options=on(account))
        if method.customer is not None:
            raise
