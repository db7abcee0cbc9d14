"""The ledger: append-only groups of entries, each summing to zero. Written by pledges.ledger alone."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from home.models import Cooperative
from home.tenancy import ScopedManager
from pledges.enums import LedgerAccount, LedgerKind


class LedgerGroup(models.Model):
    """One thing that happened to money. `subject_key` (`payment:12`) makes it happen once.

    A transfer to the bank is of several campaigns and has none of its own.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(_("kind"), max_length=16, choices=LedgerKind.choices)
    subject_key = models.CharField(max_length=60)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["kind", "subject_key"], name="ledger_group_once")]

    def __str__(self) -> str:
        return f"{self.kind} · {self.subject_key}"


class LedgerEntry(models.Model):
    """One line of a group: a signed amount in minor units of `currency` on one account.

    `tax` is the code of the tax that a line of taxes payable is about.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    group = models.ForeignKey(LedgerGroup, on_delete=models.PROTECT, related_name="entries")
    account = models.CharField(_("account"), max_length=20, choices=LedgerAccount.choices)
    tax = models.CharField(max_length=10, blank=True)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(max_length=3)

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["group", "account", "tax"], name="ledger_entry_once_per_account"),
            models.CheckConstraint(condition=~Q(amount=0), name="ledger_entry_of_something"),
            models.CheckConstraint(
                condition=Q(account=LedgerAccount.TAXES, tax__gt="") | (~Q(account=LedgerAccount.TAXES) & Q(tax="")),
                name="ledger_entry_names_its_tax",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["cooperative", "account"], name="ledger_by_account")]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"
