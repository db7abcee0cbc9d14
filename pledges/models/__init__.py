"""Money and what is owed for it."""

from pledges.models.accounts import StripeAccount
from pledges.models.aftermath import AccountCode, Dispute, EventPoll, FraudWarning, Matching, Payout, PayoutLine
from pledges.models.answers import Problem, PromiseAcceptance, RefundRequest
from pledges.models.changes import PledgeChange, PledgeChangeItem
from pledges.models.ledger import LedgerEntry, LedgerGroup
from pledges.models.own import CardToForget, Continuation, DataRequest, EmailChange
from pledges.models.payments import Checkout, Payment, PaymentAttempt, Refund, StrayPayment, StripeEvent
from pledges.models.pledges import DatePromise, DeliveryAddress, Pledge, PledgeConsent, PledgeItem
from pledges.models.settlements import RateBucket, Settlement, SettlementLane
from pledges.models.surveys import (
    AddressCheck,
    Survey,
    SurveyAnswer,
    SurveyOption,
    SurveyQuestion,
    SurveyReply,
)
from pledges.models.tallies import CampaignCount, CooperativeCount, DeliveryCount, Tally, TallyHolder, TallyPerson
from pledges.models.taxes import PaymentTax, RefundTax, TaxRate, TaxRegistration
from pledges.models.trials import Trial

__all__ = [
    "AccountCode",
    "AddressCheck",
    "CampaignCount",
    "CardToForget",
    "Checkout",
    "Continuation",
    "CooperativeCount",
    "DataRequest",
    "DatePromise",
    "DeliveryAddress",
    "DeliveryCount",
    "Dispute",
    "EmailChange",
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
    "Problem",
    "PromiseAcceptance",
    "RateBucket",
    "Refund",
    "RefundRequest",
    "RefundTax",
    "Settlement",
    "SettlementLane",
    "StrayPayment",
    "StripeAccount",
    "StripeEvent",
    "Survey",
    "SurveyAnswer",
    "SurveyOption",
    "SurveyQuestion",
    "SurveyReply",
    "Tally",
    "TallyHolder",
    "TallyPerson",
    "TaxRate",
    "TaxRegistration",
    "Trial",
]
