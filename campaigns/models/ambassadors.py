"""People who spread the word for a campaign, each with a code of their own in the link they share."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.terms import Campaign, person
from home.models import Cooperative
from home.tenancy import ScopedManager


class Ambassador(models.Model):
    """`code` is what stands in `?via=`; pledges that came through it keep it (Pledge.via)."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="ambassadors")
    name = models.CharField(_("name"), max_length=120)
    code = models.SlugField(_("code"), max_length=60)
    created_at = models.DateTimeField()
    created_by = person()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("ambassador")
        verbose_name_plural = _("ambassadors")
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["campaign", "code"], name="ambassador_code_once")]

    def __str__(self) -> str:
        return self.name
