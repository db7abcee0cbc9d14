"""What the team and its adviser say to each other before a launch, and who may look at the draft.

A dossier stands beside the page from its first draft on, known by the page's translation key like the terms.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models.terms import person
from home.models import Cooperative
from home.tenancy import ScopedManager


class Dossier(models.Model):
    """One per campaign. `preview_generation` rises to make earlier preview links worthless."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    translation_key = models.UUIDField(unique=True)
    preview_generation = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("dossier")
        verbose_name_plural = _("dossiers")

    def __str__(self) -> str:
        return str(self.translation_key)


class ReviewQuestion(models.Model):
    """A question of the adviser about one block (or the whole page: no block), with the day an answer is due by.

    `settled_at` closes it; until then it stands in the launch checklist.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="questions")
    block_id = models.UUIDField(null=True, blank=True)
    block_label = models.CharField(max_length=200, blank=True)
    text = models.TextField(_("question"))
    answer_by = models.DateField(_("answer by"))
    asked_at = models.DateTimeField()
    asked_by = person()
    answer = models.TextField(_("answer"), blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = person()
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = person()

    objects = ScopedManager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.text


class CheckedPoint(models.Model):
    """Someone confirms, for one campaign, a point that the cooperative's federation added to the checklist."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    translation_key = models.UUIDField()
    key = models.UUIDField()
    checked_at = models.DateTimeField()
    checked_by = person()

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["cooperative", "translation_key", "key"], name="checked_point_once")
        ]

    def __str__(self) -> str:
        return f"{self.translation_key} · {self.key}"
