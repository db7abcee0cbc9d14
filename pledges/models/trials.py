"""A campaign being tried in the twin of its cooperative, before its launch."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, person
from home.models import Cooperative
from home.tenancy import ScopedManager


class Trial(models.Model):
    """Of the twin (`cooperative`): `campaign` is the copy, `source_key` the translation key of what it copies.

    One runs at a time; `ended_at` closes it, and its campaign with it.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    source_key = models.UUIDField()
    campaign = models.OneToOneField(Campaign, on_delete=models.PROTECT, related_name="trial")
    started_at = models.DateTimeField()
    started_by = person()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("trial campaign")
        verbose_name_plural = _("trial campaigns")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["cooperative"], condition=models.Q(ended_at=None), name="one_trial_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return str(self.campaign)
