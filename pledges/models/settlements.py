"""How far the end of a campaign has got."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from home.models import Cooperative
from home.tenancy import ScopedManager


class Settlement(models.Model):
    """One per campaign, written when its outcome is decided. `grace_ends_at`: the last moment to mend a payment.

    While `paused_at` is set, nobody is charged.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="settlement")
    started_at = models.DateTimeField()
    grace_ends_at = models.DateTimeField()
    prepared_at = models.DateTimeField(_("all payments written"), null=True, blank=True)
    finished_at = models.DateTimeField(_("no payment is due"), null=True, blank=True)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    paused_at = models.DateTimeField(null=True, blank=True)
    paused_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    dropped_at = models.DateTimeField(_("what the grace could not mend was let go"), null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("settlement")

    def __str__(self) -> str:
        return str(self.campaign_id)


class SettlementLane(models.Model):
    """One of the few chains of tasks that share a settlement (pledges.lanes). `seen_at` is empty while it rests."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveSmallIntegerField()
    token = models.UUIDField(default=uuid.uuid4)
    seen_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["campaign", "number"], name="lane_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.number}"


class RateBucket(models.Model):
    """A token bucket shared by every worker: what is left of a call rate, and when that was so (pledges.pacing)."""

    name = models.CharField(max_length=40, unique=True)
    tokens = models.FloatField()
    filled_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
