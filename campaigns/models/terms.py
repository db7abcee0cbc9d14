"""Terms: one Campaign per translation group, one Reward per tier. Money refers to them, never to a page.

Written by campaigns.publishing and by nothing else.
"""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from wagtail.models import Locale

from campaigns.enums import CampaignState, FundingModel, Handover
from home.languages import text_of
from home.models import Cooperative
from home.tenancy import ScopedManager

__all__ = ["Campaign", "CampaignState", "FundingModel", "Handover", "Reward", "RewardStock"]


class Campaign(models.Model):
    """The terms of one campaign. Amounts in minor units of `currency`; instants in UTC.

    `pledged_at_deadline` and `backers_at_deadline` are frozen when the outcome is decided.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="campaigns")
    translation_key = models.UUIDField(unique=True)
    source_locale = models.ForeignKey(Locale, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=CampaignState.choices, default=CampaignState.DRAFT)
    funding_model = models.CharField(_("funding model"), max_length=20, choices=FundingModel.choices)
    goal = models.PositiveBigIntegerField(_("goal"))
    currency = models.CharField(_("currency"), max_length=3)
    deadline = models.DateTimeField(_("deadline"))
    title_fr = models.CharField(max_length=255, blank=True)
    title_en = models.CharField(max_length=255, blank=True)
    tagline_fr = models.CharField(max_length=300, blank=True)
    tagline_en = models.CharField(max_length=300, blank=True)
    launched_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    pledged_at_deadline = models.PositiveBigIntegerField(null=True, blank=True)
    backers_at_deadline = models.PositiveIntegerField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        indexes: ClassVar = [models.Index(fields=["state", "deadline"], name="campaign_due")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return text_of(self, "title")

    @property
    def is_all_or_nothing(self) -> bool:
        return self.funding_model == FundingModel.ALL_OR_NOTHING

    @property
    def is_frozen(self) -> bool:
        """Goal, funding model, currency and deadline no longer change."""
        return self.state != CampaignState.DRAFT

    @property
    def is_live(self) -> bool:
        return self.state == CampaignState.LIVE

    @property
    def is_over(self) -> bool:
        return self.state in {CampaignState.FUNDED, CampaignState.MISSED, CampaignState.ENDED}


class Reward(models.Model):
    """One tier. `estimated_delivery` is the first promise, the first day of a month.

    `frozen_at` is set by the first pledge: from then on amount and month no longer change by publishing.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="rewards")
    block_id = models.UUIDField()
    position = models.PositiveSmallIntegerField()
    amount = models.PositiveBigIntegerField(_("amount"))
    limit = models.PositiveIntegerField(_("limit"), null=True, blank=True)
    estimated_delivery = models.DateField(_("estimated delivery"))
    handover = models.CharField(_("handover"), max_length=10, choices=Handover.choices, default=Handover.POST)
    title_fr = models.CharField(max_length=160, blank=True)
    title_en = models.CharField(max_length=160, blank=True)
    description_fr = models.TextField(blank=True)
    description_en = models.TextField(blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedManager()

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["campaign", "block_id"], name="reward_once_per_block")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return text_of(self, "title")


class RewardStock(models.Model):
    """The count of a limited tier: the only row that buyers contend for. Moved by campaigns.stock alone."""

    reward = models.OneToOneField(Reward, on_delete=models.PROTECT, primary_key=True, related_name="stock")
    limit = models.PositiveIntegerField()
    held = models.PositiveIntegerField(default=0)
    promised = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(limit__gte=F("held") + F("promised")), name="stock_within_limit")
        ]

    def __str__(self) -> str:
        return f"{self.held} + {self.promised} / {self.limit}"

    @property
    def left(self) -> int:
        return self.limit - self.held - self.promised
