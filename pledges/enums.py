"""The states of this room. Each is changed in one module only."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class PledgeState(models.TextChoices):
    """Changed by pledges.pledging, and at the end by pledges.settlement."""

    PENDING = "pending", _("Payment to complete")
    CONFIRMED = "confirmed", _("Confirmed")
    LAPSED = "lapsed", _("Not completed in time")
    CANCELLED = "cancelled", _("Cancelled")
    GOAL_MISSED = "goal_missed", _("Goal not reached")
    DROPPED = "dropped", _("Contribution not completed")


class Period(models.TextChoices):
    """How often a contribution comes back; none does yet."""

    MONTH = "month", _("Every month")


class Origin(models.TextChoices):
    """How a contribution reached us."""

    ONLINE = "online", _("On the site")
    OFFLINE = "offline", _("By other means, entered by the team")


class ChangeState(models.TextChoices):
    """Changed by pledges.changing. PENDING: its difference is being paid."""

    PENDING = "pending", pgettext_lazy("change", "Payment to complete")
    DONE = "done", pgettext_lazy("change", "Done")
    LAPSED = "lapsed", pgettext_lazy("change", "Not completed in time")


class CheckoutPurpose(models.TextChoices):
    SAVE_CARD = "save_card", _("Save the card of a promise")
    PAY = "pay", _("Pay now")
    MEND = "mend", _("Another card for a payment that could not be made")
    CHANGE = "change", _("Pay the difference of a change")
    CARD = "card", _("Another card for a promise")


class CheckoutState(models.TextChoices):
    """Changed by pledges.checkout. OPENING: written, and the provider may or may not know of it."""

    OPENING = "opening", _("Opening")
    OPEN = "open", _("Open")
    COMPLETE = "complete", _("Complete")
    EXPIRED = "expired", _("Expired")


class PaymentState(models.TextChoices):
    """Changed by pledges.settlement (and by pledges.pledging for one paid at once)."""

    DUE = "due", _("Charge in progress")
    ACTION = "action", _("The bank asks for a confirmation")
    MEND = "mend", _("Another card is needed")
    PAID = "paid", _("Paid")
    DROPPED = "dropped", _("Not completed")
    BOUNCED = "bounced", pgettext_lazy("payment", "Not honoured")


class PaymentMethod(models.TextChoices):
    """What a payment is made with; all but the card are received by the cooperative itself."""

    CARD = "card", _("Card")
    CHEQUE = "cheque", _("Cheque")
    TRANSFER = "transfer", _("Bank transfer")
    CASH = "cash", _("Cash")


class RefundState(models.TextChoices):
    """Changed by pledges.refunds. TO_APPROVE waits for a second person; FAILED: the bank sent the money back."""

    TO_APPROVE = "to_approve", pgettext_lazy("refund", "To approve")
    REJECTED = "rejected", pgettext_lazy("refund", "Not approved")
    DUE = "due", _("Refund in progress")
    DONE = "done", _("Refunded")
    FAILED = "failed", _("The refund could not be paid")


class RefundReason(models.TextChoices):
    """Why money goes back."""

    CANCELLED = "cancelled", pgettext_lazy("refund", "Cancelled by the backer")
    CHANGED = "changed", _("Changed for a lower amount")
    AGREED = "agreed", _("Agreed with the backer")
    DUPLICATE = "duplicate", _("Contributed twice by mistake")
    FRAUD = "fraud", _("The card was used without its owner")
    GOAL_MISSED = "goal_missed", pgettext_lazy("refund", "Goal not reached")
    OUTSIDE = "outside", _("Made in Stripe’s dashboard")


class DisputeState(models.TextChoices):
    """Changed by pledges.disputes. An inquiry moves no money."""

    INQUIRY = "inquiry", _("Inquiry by the bank")
    INQUIRY_CLOSED = "inquiry_closed", _("Inquiry closed")
    OPEN = "open", pgettext_lazy("dispute", "Open")
    WON = "won", pgettext_lazy("dispute", "Won")
    LOST = "lost", pgettext_lazy("dispute", "Lost")


class PayoutState(models.TextChoices):
    """Changed by pledges.payouts, from what Stripe says."""

    PENDING = "pending", pgettext_lazy("payout", "On its way")
    PAID = "paid", pgettext_lazy("payout", "Arrived")
    FAILED = "failed", pgettext_lazy("payout", "Failed: the money is back at Stripe")
    CANCELED = "canceled", pgettext_lazy("payout", "Cancelled")


class CardState(models.TextChoices):
    """The saved card of a promise, at the provider."""

    NONE = "none", _("No card")
    KEPT = "kept", _("Kept")
    TO_DETACH = "to_detach", _("To be forgotten")
    DETACHED = "detached", _("Forgotten")


class FulfilmentState(models.TextChoices):
    """Changed by pledges.fulfilment."""

    NOT_STARTED = "not_started", _("To come")
    IN_PRODUCTION = "in_production", _("Being made")
    READY = "ready", _("Ready for pick-up")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    RETURNED = "returned", _("Returned to sender")
    NOT_APPLICABLE = "not_applicable", _("Nothing to deliver")


class RequestState(models.TextChoices):
    """Changed by pledges.refund_requests."""

    ASKED = "asked", pgettext_lazy("refund request", "To answer")
    GRANTED = "granted", pgettext_lazy("refund request", "Granted")
    DECLINED = "declined", pgettext_lazy("refund request", "Not granted")
    WITHDRAWN = "withdrawn", pgettext_lazy("refund request", "Withdrawn")


class ProblemKind(models.TextChoices):
    NOT_ARRIVED = "not_arrived", _("It has not arrived")
    DAMAGED = "damaged", _("It arrived damaged")
    WRONG = "wrong", _("It is not what was chosen")
    OTHER = "other", pgettext_lazy("problem", "Something else")


class SurveyState(models.TextChoices):
    """Changed by pledges.surveys."""

    DRAFT = "draft", pgettext_lazy("survey", "Draft")
    OPEN = "open", pgettext_lazy("survey", "Open")
    LOCKED = "locked", pgettext_lazy("survey", "Locked")


class QuestionKind(models.TextChoices):
    CHOICE = "choice", _("One choice among several")
    TEXT = "text", _("A few words")


class Wall(models.TextChoices):
    """What of a contribution its backer shows on the campaign's wall of thanks."""

    AMOUNT = "amount", _("My name and amount")
    NAME = "name", _("My name only")
    NEITHER = "neither", pgettext_lazy("wall of thanks", "Neither")


class LedgerKind(models.TextChoices):
    """What a group of ledger entries records."""

    PAYMENT = "payment", _("Payment")
    FEE = "fee", _("Processing fee")
    BOUNCE = "bounce", _("Payment not honoured")
    REFUND = "refund", _("Refund")
    REFUND_FAILED = "refund_failed", _("Refund sent back")
    REFUND_SETTLED = "refund_settled", _("Refund paid by other means")
    DISPUTE = "dispute", _("Dispute: the money is withdrawn")
    DISPUTE_WON = "dispute_won", _("Dispute won: the money is back")
    DISPUTE_LOST = "dispute_lost", _("Dispute lost")
    MATCHING = "matching", _("Matching money received")
    PAYOUT = "payout", _("Transfer to the bank")
    PAYOUT_FAILED = "payout_failed", _("Transfer sent back")


class LedgerAccount(models.TextChoices):
    """Signs: what the cooperative holds or spends is positive, where it came from is negative."""

    BALANCE = "balance", _("Balance at the payment provider")
    BANK = "bank", _("Bank account and cash")
    CONTRIBUTIONS = "contributions", _("Contributions")
    TAXES = "taxes", _("Taxes payable")
    PROCESSING_FEES = "processing_fees", _("Processing fees")
    COMMISSION = "commission", _("Commission")
    DISPUTED = "disputed", _("Amounts withdrawn by disputes")
    DISPUTE_FEES = "dispute_fees", _("Dispute fees")
    REFUNDS_OWED = "refunds_owed", _("Refunds to pay by other means")
    MATCHING = "matching", _("Matching money")
