"""A delay notice once announced: what changed, why, and which promises it wrote. Never edited."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Reward
from home.languages import text_of
from home.models import Cooperative
from home.tenancy import ScopedManager
from pledges.models import DatePromise
from updates.models.updates import Update


class DelayNotice(models.Model):
    """One announced notice of an update. `month` is the first day of the new month; texts in both languages.

    `pledged_before`: it concerns contributions confirmed before that day (where the cooperative is) only.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="delay_notices")
    update = models.ForeignKey(Update, on_delete=models.PROTECT, related_name="delay_notices")
    block_id = models.UUIDField()
    rewards = models.ManyToManyField(Reward, related_name="delay_notices")
    month = models.DateField(_("new month"))
    pledged_before = models.DateField(_("contributions made before"), null=True, blank=True)
    next_news_on = models.DateField(_("next news by"))
    reason_fr = models.TextField(blank=True)
    reason_en = models.TextField(blank=True)
    next_steps_fr = models.TextField(blank=True)
    next_steps_en = models.TextField(blank=True)
    announced_at = models.DateTimeField()
    announced_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = ScopedManager()

    class Meta:
        verbose_name = _("delay notice")
        constraints: ClassVar = [models.UniqueConstraint(fields=["update", "block_id"], name="notice_once_per_block")]

    def __str__(self) -> str:
        return f"{self.update_id} · {self.month:%Y-%m}"

    @property
    def reason(self) -> str:
        return text_of(self, "reason")

    @property
    def next_steps(self) -> str:
        return text_of(self, "next_steps")


class NoticePromise(models.Model):
    """That this notice wrote that promise."""

    notice = models.ForeignKey(DelayNotice, on_delete=models.PROTECT, related_name="written")
    promise = models.OneToOneField(DatePromise, on_delete=models.PROTECT, related_name="notice_link")

    def __str__(self) -> str:
        return f"{self.notice_id} · {self.promise_id}"
