"""A change of tiers, quantities or amount that a backer asked for, and what it held until it was paid."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.enums import DeliveryZone
from campaigns.models import Reward, RewardVariant
from home.models import Cooperative
from home.tenancy import ScopedManager
from pledges.enums import ChangeState
from pledges.models.payments import Checkout
from pledges.models.pledges import Pledge


class PledgeChange(models.Model):
    """What a pledge becomes, and what it was (`old_items` as the mail says it). Amounts in minor units.

    `checkout` pays the difference of one that costs more and was paid already; the others are done at once.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    pledge = models.ForeignKey(Pledge, on_delete=models.PROTECT, related_name="changes")
    checkout = models.OneToOneField(Checkout, null=True, blank=True, on_delete=models.PROTECT, related_name="change")
    state = models.CharField(max_length=10, choices=ChangeState.choices, default=ChangeState.PENDING)
    old_amount = models.PositiveBigIntegerField()
    old_items = models.JSONField(default=list)
    amount = models.PositiveBigIntegerField()
    extra = models.PositiveBigIntegerField(default=0)
    zone = models.CharField(max_length=10, choices=DeliveryZone.choices, blank=True)
    asked_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("change of a contribution")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["pledge"], condition=models.Q(state=ChangeState.PENDING), name="change_pending_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pledge_id} · {self.old_amount} → {self.amount}"


class PledgeChangeItem(models.Model):
    """One reward of what a pledge becomes. `held`: how many more of it than before are held until it is paid."""

    change = models.ForeignKey(PledgeChange, on_delete=models.CASCADE, related_name="items")
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="+")
    variant = models.ForeignKey(RewardVariant, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    unit_amount = models.PositiveBigIntegerField()
    unit_postage = models.PositiveBigIntegerField(default=0)
    unit_taxable = models.PositiveBigIntegerField(default=0)
    held = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.change_id} · {self.quantity} × {self.reward_id}"
