"""The only package that speaks to Stripe. What goes in and comes out are our own small types.

Every call names the cooperative's connected account: customers, cards, keys and money live there.
What is a rehearsal's is called in Stripe's test mode, by a key of its own (`client`), and cannot be called otherwise.
Every call that writes takes an idempotency key from a row that was committed before it.
"""

from pledges.gateway.accounts import Account, find_account, onboarding_link, open_account, read_account
from pledges.gateway.cards import forget_card, is_attached
from pledges.gateway.checkout import end_session, open_session, read_session
from pledges.gateway.client import has_test_mode, is_of_rehearsal, is_test_key
from pledges.gateway.customers import forget_customer, is_customer, make_customer
from pledges.gateway.disputes import read_dispute, read_warning
from pledges.gateway.errors import (
    Crashed,
    Declined,
    GatewayError,
    Held,
    NoAccess,
    NoTestMode,
    Refused,
    Throttled,
    Unavailable,
)
from pledges.gateway.events import list_events
from pledges.gateway.payments import (
    cancel_payment,
    charge,
    charge_again,
    confirm,
    find_payment,
    find_payment_between,
    intent_of_charge,
    read_payment,
)
from pledges.gateway.payouts import Movement, PayoutFacts, list_payouts, movements, movements_of, read_payout
from pledges.gateway.refunds import find_refund, read_refund, refund, refunds_of
from pledges.gateway.rehearsals import BAD, GOOD, open_test_account, save_test_card
from pledges.gateway.types import Card, Contested, EventHead, Intent, MadeRefund, Session, SessionRequest, Warned
from pledges.gateway.webhooks import read_event

__all__ = [
    "BAD",
    "GOOD",
    "Account",
    "Card",
    "Contested",
    "Crashed",
    "Declined",
    "EventHead",
    "GatewayError",
    "Held",
    "Intent",
    "MadeRefund",
    "Movement",
    "NoAccess",
    "NoTestMode",
    "PayoutFacts",
    "Refused",
    "Session",
    "SessionRequest",
    "Throttled",
    "Unavailable",
    "Warned",
    "cancel_payment",
    "charge",
    "charge_again",
    "confirm",
    "end_session",
    "find_account",
    "find_payment",
    "find_payment_between",
    "find_refund",
    "forget_card",
    "forget_customer",
    "has_test_mode",
    "intent_of_charge",
    "is_attached",
    "is_customer",
    "is_of_rehearsal",
    "is_test_key",
    "list_events",
    "list_payouts",
    "make_customer",
    "movements",
    "movements_of",
    "onboarding_link",
    "open_account",
    "open_session",
    "open_test_account",
    "read_account",
    "read_dispute",
    "read_event",
    "read_payment",
    "read_payout",
    "read_refund",
    "read_session",
    "read_warning",
    "refund",
    "refunds_of",
    "save_test_card",
]
