"""An update as mails and feeds refer to it: one row for all its languages."""

from typing import ClassVar
from zoneinfo import ZoneInfo

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Campaign, Reward, person
from home import clock
from home.languages import CHOICES, text_of
from home.models import Backer, Cooperative
from home.tenancy import ScopedManager
from updates.enums import Audience, QuestionState


class Update(models.Model):
    """Written when a page of the update is first published; `number` counts them within a campaign.

    Who may read it follows the source-language page at each publishing (updates.publishing), as do tiers and the day on
    which it opens to everyone (`public_on`, where the cooperative is; empty: never by itself).
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="updates")
    translation_key = models.UUIDField(unique=True)
    number = models.PositiveIntegerField(_("number"))
    title_fr = models.CharField(max_length=255, blank=True)
    title_en = models.CharField(max_length=255, blank=True)
    published_at = models.DateTimeField()
    audience = models.CharField(max_length=8, choices=Audience.choices, default=Audience.PUBLIC)
    tiers = models.ManyToManyField(Reward, related_name="+", blank=True)
    public_on = models.DateField(_("opens to everyone on"), null=True, blank=True)

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

    @property
    def is_open(self) -> bool:
        """Whether anyone may read it today, where the cooperative is."""
        if self.audience == Audience.PUBLIC or self.public_on is None:
            return self.audience == Audience.PUBLIC
        return self.public_on <= clock.now().astimezone(ZoneInfo(self.cooperative.time_zone)).date()


class Correction(models.Model):
    """That a text was changed once it had been sent: shown for ever. `passages`: what stood, what stands now."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    update = models.ForeignKey(Update, on_delete=models.PROTECT, related_name="corrections")
    language = models.CharField(max_length=2, choices=CHOICES)
    made_at = models.DateTimeField()
    made_by = person()
    passages = models.JSONField(default=list)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("correction")
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return f"{self.update_id} · {self.made_at:%Y-%m-%d}"


class ReaderQuestion(models.Model):
    """A question asked under an update, in the reader's language; changed by updates.questions.

    Its answer goes to who asked; both may be shown under the update (`shown`), without a name.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    update = models.ForeignKey(Update, on_delete=models.PROTECT, related_name="questions")
    backer = models.ForeignKey(Backer, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=2, choices=CHOICES)
    text = models.TextField(_("your question"), max_length=1000)
    state = models.CharField(_("state"), max_length=10, choices=QuestionState.choices, default=QuestionState.WAITING)
    asked_at = models.DateTimeField()
    answer = models.TextField(_("answer"), max_length=2000, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = person()
    shown = models.BooleanField(_("show the question and its answer under the update"), default=False)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions received")
        indexes: ClassVar = [
            models.Index(fields=["cooperative", "-asked_at", "-id"], name="question_latest"),
            models.Index(
                fields=["cooperative", "asked_at", "id"],
                condition=models.Q(state=QuestionState.WAITING),
                name="question_waiting",
            ),
        ]

    def __str__(self) -> str:
        return self.text[:60]


class CoachingDraft(models.Model):
    """A draft that was prepared for the team once, for an occasion (`50`, `72h`, `silence:2027-03`…). Never sent."""

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="coaching_drafts")
    occasion = models.CharField(max_length=40)
    page_key = models.UUIDField(_("translation key of its pages"))
    made_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["campaign", "occasion"], name="coaching_draft_once")]

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.occasion}"
