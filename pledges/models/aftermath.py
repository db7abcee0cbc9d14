"""What banks and Stripe do after a payment: disputes, warnings, transfers to the bank; and matching money."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, person
from home.languages import text_of
from home.models import Cooperative
from home.tenancy import ScopedManager
from pledges.enums import DisputeState, PayoutState
from pledges.models.payments import Payment


class Dispute(models.Model):
    """A payment contested at its bank. `amount` was withdrawn (an inquiry withdraws nothing), `fee` is Stripe's."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    stripe_dispute = models.CharField(max_length=60, unique=True)
    state = models.CharField(_("state"), max_length=16, choices=DisputeState.choices)
    reason = models.CharField(_("reason"), max_length=60, blank=True)
    amount = models.PositiveBigIntegerField(_("amount"))
    fee = models.PositiveBigIntegerField(_("dispute fee"), default=0)
    currency = models.CharField(max_length=3)
    answer_by = models.DateTimeField(_("answer by"), null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("dispute")

    def __str__(self) -> str:
        return f"{self.payment_id} · {self.state}"


class FraudWarning(models.Model):
    """A bank's early word that a payment may be fraud: refunding it now may avoid a dispute."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="fraud_warnings")
    stripe_warning = models.CharField(max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=60)
    actionable = models.BooleanField(default=True)
    warned_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("early fraud warning")

    def __str__(self) -> str:
        return f"{self.payment_id} · {self.kind}"


class Payout(models.Model):
    """One of Stripe's transfers to the cooperative's bank account. `read_at`: all its lines are here.

    `failure` is Stripe's code for why the bank sent it back.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="payouts")
    stripe_payout = models.CharField(max_length=60, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=PayoutState.choices)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)
    arrives_on = models.DateField(_("arrives on"))
    bank_last4 = models.CharField(max_length=4, blank=True)
    failure = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("transfer to the cooperative")
        verbose_name_plural = _("transfers to the cooperative")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} · {self.arrives_on}"


class PayoutLine(models.Model):
    """One balance transaction in a transfer. Minor units, signed as the balance moved: `net` is `amount` less `fee`.

    `commission` is what of `fee` is ours. `subject_key` names our row (`payment:12`, `refund:3`, `dispute:1`, and
    `payout:4` for one that came back); empty for what is not one of ours. `source` is Stripe's name of it.
    """

    payout = models.ForeignKey(Payout, on_delete=models.PROTECT, related_name="lines")
    stripe_transaction = models.CharField(max_length=60, unique=True)
    kind = models.CharField(max_length=40)
    subject_key = models.CharField(max_length=60, blank=True)
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    source = models.CharField(max_length=60, blank=True)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()
    commission = models.BigIntegerField(default=0)
    net = models.BigIntegerField()
    happened_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["happened_at", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(net=models.F("amount") - models.F("fee")), name="payout_line_net_of_fee"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.net}"


class Matching(models.Model):
    """Money that a partner adds to what people give: never in the pledged total nor measured against the goal."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="matching")
    partner_fr = models.CharField(_("partner, in French"), max_length=160)
    partner_en = models.CharField(_("partner, in English"), max_length=160)
    amount = models.PositiveBigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)
    received_on = models.DateField(_("received on"))
    reference = models.CharField(_("reference"), max_length=80, blank=True)
    recorded_by = person()
    recorded_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("matching money")
        constraints: ClassVar = [models.CheckConstraint(condition=models.Q(amount__gt=0), name="matching_of_something")]

    def __str__(self) -> str:
        return f"{self.partner} · {self.amount}"

    @property
    def partner(self) -> str:
        return text_of(self, "partner")


class AccountCode(models.Model):
    """What the cooperative's own books call one of our ledger accounts, in its accounting journal."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.CASCADE, related_name="account_codes")
    account = models.CharField(max_length=20)
    tax = models.CharField(max_length=10, blank=True)
    code = models.CharField(_("account code"), max_length=20)

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cooperative", "account", "tax"], name="account_code_once")
        ]

    def __str__(self) -> str:
        return f"{self.account} → {self.code}"


class EventPoll(models.Model):
    """How far the events of an account (empty: the platform's) have been read. Only moves on."""

    account = models.CharField(max_length=60, unique=True)
    read_until = models.DateTimeField(null=True, blank=True)
    polled_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.account or "platform"
