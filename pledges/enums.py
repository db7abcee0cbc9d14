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


class CheckoutPurpose(models.TextChoices):
    SAVE_CARD = "save_card", _("Save the card of a promise")
    PAY = "pay", _("Pay now")
    MEND = "mend", _("Another card for a payment that could not be made")


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


class RefundState(models.TextChoices):
    """Changed by pledges.refunds."""

    DUE = "due", _("Refund in progress")
    DONE = "done", _("Refunded")
    FAILED = "failed", _("The refund could not be paid")


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


class Wall(models.TextChoices):
    """What of a contribution its backer shows on the campaign's wall of thanks."""

    AMOUNT = "amount", _("My name and amount")
    NAME = "name", _("My name only")
    NEITHER = "neither", pgettext_lazy("wall of thanks", "Neither")


class LedgerKind(models.TextChoices):
    """What a group of ledger entries records."""

    PAYMENT = "payment", _("Payment")
    FEE = "fee", _("Processing fee")
    REFUND = "refund", _("Refund")


class LedgerAccount(models.TextChoices):
    """Signs: what the cooperative holds or spends is positive, where it came from is negative."""

    BALANCE = "balance", _("Balance at the payment provider")
    CONTRIBUTIONS = "contributions", _("Contributions")
    PROCESSING_FEES = "processing_fees", _("Processing fees")
    COMMISSION = "commission", _("Commission")
