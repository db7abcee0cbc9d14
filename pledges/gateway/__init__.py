"""The only package that speaks to Stripe. What goes in and comes out are our own small types.

Every call names the cooperative's connected account: customers, cards, keys and money live there.
Every call that writes takes an idempotency key from a row that was committed before it.
"""

from pledges.gateway.cards import forget_card
from pledges.gateway.checkout import end_session, open_session, read_session
from pledges.gateway.customers import forget_customer, make_customer
from pledges.gateway.errors import Crashed, Declined, GatewayError, Refused, Unavailable
from pledges.gateway.payments import charge, confirm, find_payment, read_payment
from pledges.gateway.refunds import find_refund, refund
from pledges.gateway.types import Card, EventHead, Intent, Session, SessionRequest
from pledges.gateway.webhooks import read_event

__all__ = [
    "Card",
    "Crashed",
    "Declined",
    "EventHead",
    "GatewayError",
    "Intent",
    "Refused",
    "Session",
    "SessionRequest",
    "Unavailable",
    "charge",
    "confirm",
    "end_session",
    "find_payment",
    "find_refund",
    "forget_card",
    "forget_customer",
    "make_customer",
    "open_session",
    "read_event",
    "read_payment",
    "read_session",
    "refund",
]
