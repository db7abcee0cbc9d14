"""An update as mails and feeds refer to it: one row for all its languages."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign
from home.languages import text_of
from home.models import Cooperative
from home.tenancy import ScopedManager


class Update(models.Model):
    """Written when a page of the update is first published; `number` counts them within a campaign."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="updates")
    translation_key = models.UUIDField(unique=True)
    number = models.PositiveIntegerField(_("number"))
    title_fr = models.CharField(max_length=255, blank=True)
    title_en = models.CharField(max_length=255, blank=True)
    published_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("update")
        constraints: ClassVar = [models.UniqueConstraint(fields=["campaign", "number"], name="update_number_once")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return text_of(self, "title")

    @property
    def key(self) -> str:
        """How mails name this update."""
        return f"update:{self.pk}"
