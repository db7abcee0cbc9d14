"""Rows that say what is about to happen at Stripe, with its idempotency key, and what came back."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import person
from home.models import Cooperative
from home.tenancy import ScopedManager
from pledges.enums import CheckoutPurpose, CheckoutState, PaymentMethod, PaymentState, RefundReason, RefundState
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

    `part` 0 is the pledge itself, later ones the difference of a change, or one that was BOUNCED and made way for
    another. `taxable` is what of `amount` taxes are due on. `lease_token` names the worker that has it; every write of
    a worker checks it. `retry_at`: when a card that may still pay is charged again. What is not paid by card has no
    commission, no fee, and a day it was `received_on`.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="payments")
    part = models.PositiveSmallIntegerField(default=0)
    method = models.CharField(_("method"), max_length=8, choices=PaymentMethod.choices, default=PaymentMethod.CARD)
    state = models.CharField(_("state"), max_length=10, choices=PaymentState.choices, default=PaymentState.DUE)
    currency = models.CharField(max_length=3)
    amount = models.PositiveBigIntegerField(_("amount"))
    taxable = models.PositiveBigIntegerField(_("taxable part"), default=0)
    commission = models.PositiveBigIntegerField(_("commission"))
    processing_fee = models.PositiveBigIntegerField(_("processing fee"), null=True, blank=True)
    stripe_intent = models.CharField(max_length=60, blank=True, db_index=True)
    stripe_charge = models.CharField(max_length=60, blank=True)
    decline_code = models.CharField(max_length=60, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    received_on = models.DateField(_("received on"), null=True, blank=True)
    received_by = person()
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounced_by = person()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("payment")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pledge", "part"], name="payment_once_per_part"),
            models.CheckConstraint(
                condition=models.Q(commission__lte=models.F("amount")), name="payment_commission_within"
            ),
            models.CheckConstraint(
                condition=models.Q(method=PaymentMethod.CARD)
                | (models.Q(commission=0) & (models.Q(processing_fee=None) | models.Q(processing_fee=0))),
                name="payment_commission_by_card_only",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(state=PaymentState.DUE), name="payment_due"),
            models.Index(
                fields=["cooperative", "id"],
                condition=models.Q(state__in=[PaymentState.ACTION, PaymentState.MEND]),
                name="payment_to_mend",
            ),
            models.Index(
                fields=["cooperative", "created_at", "id"],
                condition=models.Q(state=PaymentState.DUE) & ~models.Q(method=PaymentMethod.CARD),
                name="payment_awaited",
            ),
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


class StrayPayment(models.Model):
    """A payment that Stripe has of a pledge, found after a backup was put back that is older than it.

    Whoever is to charge the pledge takes it over instead (pledges.strays).
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="+")
    stripe_intent = models.CharField(max_length=60)
    found_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cooperative", "stripe_intent"], name="stray_payment_once")
        ]

    def __str__(self) -> str:
        return self.stripe_intent


class Refund(models.Model):
    """Money to give back. Amounts in minor units; `commission` is what of our commission goes back with it.

    `asked_by` and `approved_by`: who of the team. `settled_at`: one that FAILED was paid by other means.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    state = models.CharField(_("state"), max_length=10, choices=RefundState.choices, default=RefundState.DUE)
    amount = models.PositiveBigIntegerField(_("amount"))
    commission = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(_("reason"), max_length=12, choices=RefundReason.choices)
    note = models.CharField(_("note"), max_length=300, blank=True)
    asked_by = person()
    approved_by = person()
    approved_at = models.DateTimeField(null=True, blank=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    stripe_refund = models.CharField(max_length=60, blank=True, db_index=True)
    lease_token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=60, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = person()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("refund")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cooperative", "stripe_refund"],
                condition=~models.Q(stripe_refund=""),
                name="refund_once_per_stripe_refund",
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="refund_of_something"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["cooperative", "-id"], name="refund_latest"),
            models.Index(
                fields=["cooperative", "id"],
                condition=models.Q(state__in=[RefundState.TO_APPROVE, RefundState.DUE, RefundState.FAILED]),
                name="refund_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} · {self.state}"


#: Refunds that took money off what was collected: one that the bank sent back is owed to its backer all the same.
GIVEN_BACK = models.Q(state=RefundState.DONE) | models.Q(state=RefundState.FAILED, done_at__isnull=False)


class StripeEvent(models.Model):
    """An event as it came, stored once by its id and account; handled any number of times with the same end.

    `attempts`: how often it could not be handled; `retry_at` is when it is tried again.
    """

    event_id = models.CharField(max_length=80)
    account = models.CharField(max_length=60, blank=True)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=120, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    received_at = models.DateTimeField()
    handled_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    retry_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["event_id", "account"], name="stripe_event_once")]
        indexes: ClassVar = [
            models.Index(fields=["attempts", "id"], condition=models.Q(handled_at=None), name="stripe_event_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.event_id}"
