"""Money and what is owed for it."""

from pledges.models.ledger import LedgerEntry, LedgerGroup
from pledges.models.payments import Checkout, Payment, PaymentAttempt, Refund, StripeEvent
from pledges.models.pledges import DatePromise, Pledge, PledgeConsent, PledgeItem
from pledges.models.settlements import Settlement

__all__ = [
    "Checkout",
    "DatePromise",
    "LedgerEntry",
    "LedgerGroup",
    "Payment",
    "PaymentAttempt",
    "Pledge",
    "PledgeConsent",
    "PledgeItem",
    "Refund",
    "Settlement",
    "StripeEvent",
]
