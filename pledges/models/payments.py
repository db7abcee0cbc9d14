"""Rows that say what is about to happen at Stripe, with its idempotency key, and what came back."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from home.models import Cooperative
from home.tenancy import ScopedManager
from pledges.enums import CheckoutPurpose, CheckoutState, PaymentState, RefundState
from pledges.models.pledges import Pledge


class Checkout(models.Model):
    """One hosted payment page. Written before it is asked for; `expires_at` is what Stripe is told.

    `key` is its idempotency key and its name in the return address.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="checkouts")
    payment = models.ForeignKey(
        "pledges.Payment", null=True, blank=True, on_delete=models.PROTECT, related_name="checkouts"
    )
    purpose = models.CharField(max_length=10, choices=CheckoutPurpose.choices)
    state = models.CharField(max_length=10, choices=CheckoutState.choices, default=CheckoutState.OPENING)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    stripe_session = models.CharField(max_length=120, blank=True, db_index=True)
    url = models.TextField(blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(state__in=[CheckoutState.OPENING, CheckoutState.OPEN]),
                name="checkout_unfinished",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} · {self.pledge_id}"


class Payment(models.Model):
    """Money owed by one pledge, charged once. Amounts in minor units.

    `lease_token` names the worker that has it; every write of a worker checks it.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    pledge = models.OneToOneField(Pledge, on_delete=models.PROTECT, related_name="payment")
    state = models.CharField(_("state"), max_length=10, choices=PaymentState.choices, default=PaymentState.DUE)
    currency = models.CharField(max_length=3)
    amount = models.PositiveBigIntegerField(_("amount"))
    commission = models.PositiveBigIntegerField(_("commission"))
    processing_fee = models.PositiveBigIntegerField(_("processing fee"), null=True, blank=True)
    stripe_intent = models.CharField(max_length=60, blank=True, db_index=True)
    stripe_charge = models.CharField(max_length=60, blank=True)
    decline_code = models.CharField(max_length=60, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("payment")
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(state=PaymentState.DUE), name="payment_due")
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} · {self.state}"


class PaymentAttempt(models.Model):
    """One call that moves money, written before it is made. `answered_at` is empty while its answer is unknown."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    payment_method = models.CharField(max_length=60)
    started_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["payment", "number"], name="attempt_once_per_number")]

    def __str__(self) -> str:
        return f"{self.payment_id} · {self.number}"


class Refund(models.Model):
    """Money to give back. Amounts in minor units; `commission` is what of our commission goes back with it."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    state = models.CharField(_("state"), max_length=10, choices=RefundState.choices, default=RefundState.DUE)
    amount = models.PositiveBigIntegerField(_("amount"))
    commission = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=40)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    stripe_refund = models.CharField(max_length=60, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("refund")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} · {self.state}"


class StripeEvent(models.Model):
    """An event as it came, stored once by its id and account; handled any number of times with the same end."""

    event_id = models.CharField(max_length=80)
    account = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["event_id", "account"], name="stripe_event_once")]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(handled_at=None), name="stripe_event_unhandled")
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.event_id}"
