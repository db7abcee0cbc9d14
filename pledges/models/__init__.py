"""Money and what is owed for it."""

from pledges.models.accounts import StripeAccount
from pledges.models.aftermath import AccountCode, Dispute, EventPoll, FraudWarning, Matching, Payout, PayoutLine
from pledges.models.changes import PledgeChange, PledgeChangeItem
from pledges.models.ledger import LedgerEntry, LedgerGroup
from pledges.models.own import CardToForget, DataRequest
from pledges.models.payments import Checkout, Payment, PaymentAttempt, Refund, StripeEvent
from pledges.models.pledges import DatePromise, DeliveryAddress, Pledge, PledgeConsent, PledgeItem
from pledges.models.settlements import RateBucket, Settlement, SettlementLane
from pledges.models.taxes import PaymentTax, RefundTax, TaxRate, TaxRegistration

__all__ = [
    "AccountCode",
    "CardToForget",
    "Checkout",
    "DataRequest",
    "DatePromise",
    "DeliveryAddress",
    "Dispute",
    "EventPoll",
    "FraudWarning",
    "LedgerEntry",
    "LedgerGroup",
    "Matching",
    "Payment",
    "PaymentAttempt",
    "PaymentTax",
    "Payout",
    "PayoutLine",
    "Pledge",
    "PledgeChange",
    "PledgeChangeItem",
    "PledgeConsent",
    "PledgeItem",
    "RateBucket",
    "Refund",
    "RefundTax",
    "Settlement",
    "SettlementLane",
    "StripeAccount",
    "StripeEvent",
    "TaxRate",
    "TaxRegistration",
]
