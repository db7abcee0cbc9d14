"""The only package that speaks to Stripe. What goes in and comes out are our own small types.

Every call names the cooperative's connected account: customers, cards, keys and money live there.
Every call that writes takes an idempotency key from a row that was committed before it.
"""

from pledges.gateway.accounts import Account, find_account, onboarding_link, open_account, read_account
from pledges.gateway.cards import forget_card
from pledges.gateway.checkout import end_session, open_session, read_session
from pledges.gateway.customers import make_customer
from pledges.gateway.errors import Crashed, Declined, GatewayError, NoAccess, Refused, Unavailable
from pledges.gateway.events import list_events
from pledges.gateway.payments import charge, confirm, find_payment, read_payment
from pledges.gateway.payouts import Movement, PayoutFacts, list_payouts, movements, movements_of, read_payout
from pledges.gateway.refunds import find_refund, refund
from pledges.gateway.types import Card, EventHead, Intent, Session, SessionRequest
from pledges.gateway.webhooks import read_event

__all__ = [
    "Account",
    "Card",
    "Crashed",
    "Declined",
    "EventHead",
    "GatewayError",
    "Intent",
    "Movement",
    "NoAccess",
    "PayoutFacts",
    "Refused",
    "Session",
    "SessionRequest",
    "Unavailable",
    "charge",
    "confirm",
    "end_session",
    "find_account",
    "find_payment",
    "find_refund",
    "forget_card",
    "list_events",
    "list_payouts",
    "make_customer",
    "movements",
    "movements_of",
    "onboarding_link",
    "open_account",
    "open_session",
    "read_account",
    "read_event",
    "read_payment",
    "read_payout",
    "read_session",
    "refund",
]
