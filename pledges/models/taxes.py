"""Taxes: rates with their dates as data, who is registered, and what each payment and refund contained."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from home.languages import text_of
from home.models import Cooperative
from home.tenancy import ScopedManager
from pledges.models.payments import Payment, Refund


class TaxRate(models.Model):
    """A tax and its rate from one day until another (both included, in the cooperative's time zone).

    `rate` in thousandths of a percent: 9.975 % is 9975. Rates of the same code never overlap.
    """

    code = models.CharField(_("tax"), max_length=10)
    name_fr = models.CharField(max_length=40)
    name_en = models.CharField(max_length=40)
    rate = models.PositiveIntegerField(_("rate, in thousandths of a percent"))
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["code", "starts_on"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["code", "starts_on"], name="tax_rate_once_a_day")]

    def __str__(self) -> str:
        return f"{self.name} {self.rate / 1000:g} %"

    @property
    def name(self) -> str:
        return text_of(self, "name")


class TaxRegistration(models.Model):
    """A cooperative that collects a tax, under this number, from one day until another (included)."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="tax_registrations")
    code = models.CharField(_("tax"), max_length=10)
    number = models.CharField(_("registration number"), max_length=40)
    starts_on = models.DateField(_("since"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        ordering: ClassVar = ["code", "starts_on"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cooperative", "code", "starts_on"], name="tax_registration_once_a_day"),
            models.CheckConstraint(
                condition=models.Q(ends_on=None) | models.Q(ends_on__gte=models.F("starts_on")),
                name="tax_registration_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.number}"


class PaymentTax(models.Model):
    """What of a payment is one tax. `base` is the taxable part with the taxes in it; minor units."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="taxes")
    code = models.CharField(max_length=10)
    number = models.CharField(max_length=40)
    rate = models.PositiveIntegerField()
    base = models.PositiveBigIntegerField()
    amount = models.PositiveBigIntegerField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["payment", "code"], name="payment_tax_once"),
            models.CheckConstraint(condition=models.Q(amount__lte=models.F("base")), name="payment_tax_within_base"),
        ]

    def __str__(self) -> str:
        return f"{self.payment_id} · {self.code} {self.amount}"


class RefundTax(models.Model):
    """What of a refund is one tax, minor units."""

    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, related_name="taxes")
    code = models.CharField(max_length=10)
    amount = models.PositiveBigIntegerField()

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["refund", "code"], name="refund_tax_once")]

    def __str__(self) -> str:
        return f"{self.refund_id} · {self.code} {self.amount}"
