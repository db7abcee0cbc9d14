"""Terms: one Campaign per translation group, one Reward per tier. Money refers to them, never to a page.

Written by campaigns.publishing and by nothing else.
"""

from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from wagtail.models import Locale

from campaigns.enums import (
    BEFORE_LAUNCH,
    OUTCOMES,
    OVER,
    CampaignState,
    DeliveryZone,
    FundingModel,
    GoalUnit,
    Handover,
    RewardKind,
    Theme,
)
from home.languages import text_of
from home.models import Cooperative
from home.tenancy import ScopedManager

__all__ = [
    "Campaign",
    "CampaignState",
    "FundingModel",
    "GoalUnit",
    "Handover",
    "Reward",
    "RewardPostage",
    "RewardStock",
    "RewardVariant",
]


def person() -> "models.ForeignKey[Any, Any]":
    """Who of the team did it; the act outlives their account."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )


class Campaign(models.Model):
    """The terms of one campaign. Amounts in minor units of `currency`; instants in UTC.

    `goal` counts minor units, or rewards reserved where `goal_unit` says so. `outcome` (one of OUTCOMES),
    `pledged_at_deadline`, `units_at_deadline` and `backers_at_deadline` are frozen when it is decided. `launch_at` is
    when an explicit act has asked for the launch to happen. `first_deadline` is the one before the extension, if any.
    `terms_version` rises with all that changes what a contribution is offered (lifecycle.terms_changed).
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="campaigns")
    translation_key = models.UUIDField(unique=True)
    source_locale = models.ForeignKey(Locale, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=CampaignState.choices, default=CampaignState.DRAFT)
    funding_model = models.CharField(_("funding model"), max_length=20, choices=FundingModel.choices)
    goal_unit = models.CharField(_("goal in"), max_length=10, choices=GoalUnit.choices, default=GoalUnit.MONEY)
    goal = models.PositiveBigIntegerField(_("goal"))
    currency = models.CharField(_("currency"), max_length=3)
    deadline = models.DateTimeField(_("deadline"))
    first_deadline = models.DateTimeField(_("first deadline"), null=True, blank=True)
    extended_at = models.DateTimeField(null=True, blank=True)
    extended_by = person()
    extension_reason_fr = models.TextField(blank=True)
    extension_reason_en = models.TextField(blank=True)
    suggested_amounts = models.JSONField(default=list, blank=True)
    title_fr = models.CharField(max_length=255, blank=True)
    title_en = models.CharField(max_length=255, blank=True)
    tagline_fr = models.CharField(max_length=300, blank=True)
    tagline_en = models.CharField(max_length=300, blank=True)
    theme = models.CharField(_("theme"), max_length=20, choices=Theme.choices, blank=True)
    place_fr = models.CharField(max_length=80, blank=True)
    place_en = models.CharField(max_length=80, blank=True)
    outcome = models.CharField(
        max_length=10, blank=True, choices=[(one.value, one.label) for one in CampaignState if one in OUTCOMES]
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = person()
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = person()
    announced_at = models.DateTimeField(null=True, blank=True)
    launch_at = models.DateTimeField(null=True, blank=True)
    launched_at = models.DateTimeField(null=True, blank=True)
    launched_by = person()
    closed_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    pledged_at_deadline = models.PositiveBigIntegerField(null=True, blank=True)
    units_at_deadline = models.PositiveIntegerField(null=True, blank=True)
    backers_at_deadline = models.PositiveIntegerField(null=True, blank=True)
    terms_version = models.PositiveIntegerField(default=0)

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
    def counts_units(self) -> bool:
        """A presale: its goal is a number of rewards."""
        return self.goal_unit == GoalUnit.UNITS

    @property
    def is_frozen(self) -> bool:
        """Goal, funding model, currency and deadline no longer change."""
        return self.state not in BEFORE_LAUNCH

    @property
    def is_live(self) -> bool:
        return self.state == CampaignState.LIVE

    @property
    def is_over(self) -> bool:
        return self.state in OVER

    @property
    def is_funded(self) -> bool:
        return self.outcome == CampaignState.FUNDED

    @property
    def is_missed(self) -> bool:
        return self.outcome == CampaignState.MISSED

    @property
    def is_extended(self) -> bool:
        """Its deadline was moved; `first_deadline` is the old one."""
        return self.first_deadline is not None

    @property
    def extension_reason(self) -> str:
        return text_of(self, "extension_reason")

    @property
    def is_announced(self) -> bool:
        """Shown before its opening: nothing can be pledged yet."""
        return self.state == CampaignState.ANNOUNCED

    @property
    def place(self) -> str:
        return text_of(self, "place")


class Reward(models.Model):
    """One tier or add-on. `estimated_delivery` is the first promise, the first day of a month.

    `frozen_at` is set by the first pledge: from then on amount and month no longer change by publishing.
    An early bird is offered from `available_from` until `available_until` (UTC; empty: no bound). `taxable` is the part
    of `amount` (tax included) on which taxes are due; `sold_late` keeps it on offer after the end.
    """

    cooperative = models.ForeignKey(Cooperative, on_delete=models.PROTECT, related_name="+")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="rewards")
    block_id = models.UUIDField()
    kind = models.CharField(_("kind"), max_length=10, choices=RewardKind.choices, default=RewardKind.REWARD)
    position = models.PositiveSmallIntegerField()
    amount = models.PositiveBigIntegerField(_("amount"))
    taxable = models.PositiveBigIntegerField(_("taxable part"), default=0)
    limit = models.PositiveIntegerField(_("limit"), null=True, blank=True)
    sold_late = models.BooleanField(_("offered after the end"), default=False)
    estimated_delivery = models.DateField(_("estimated delivery"))
    handover = models.CharField(_("handover"), max_length=10, choices=Handover.choices, default=Handover.POST)
    title_fr = models.CharField(max_length=160, blank=True)
    title_en = models.CharField(max_length=160, blank=True)
    description_fr = models.TextField(blank=True)
    description_en = models.TextField(blank=True)
    pickup_place_fr = models.CharField(max_length=200, blank=True)
    pickup_place_en = models.CharField(max_length=200, blank=True)
    pickup_hours_fr = models.CharField(max_length=200, blank=True)
    pickup_hours_en = models.CharField(max_length=200, blank=True)
    available_from = models.DateTimeField(null=True, blank=True)
    available_until = models.DateTimeField(null=True, blank=True)
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

    @property
    def is_add_on(self) -> bool:
        return self.kind == RewardKind.ADDON

    @property
    def pickup_place(self) -> str:
        return text_of(self, "pickup_place")

    @property
    def pickup_hours(self) -> str:
        return text_of(self, "pickup_hours")

    def opens_after(self, at: datetime) -> bool:
        """An early bird, or a tier kept for later, that is not offered yet."""
        return self.available_from is not None and at < self.available_from

    def closed_before(self, at: datetime) -> bool:
        """An early bird that is over."""
        return self.available_until is not None and at >= self.available_until

    def is_offered(self, at: datetime) -> bool:
        """Whether it may be chosen, if some are left."""
        return self.retired_at is None and not self.opens_after(at) and not self.closed_before(at)


class RewardPostage(models.Model):
    """What mailing one tier to a zone costs its backer, in minor units; 0 is included in the amount."""

    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="postage")
    zone = models.CharField(_("zone"), max_length=10, choices=DeliveryZone.choices)
    price = models.PositiveBigIntegerField(_("price"))

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["reward", "zone"], name="postage_once_per_zone")]

    def __str__(self) -> str:
        return f"{self.zone} · {self.price}"


class RewardVariant(models.Model):
    """One of the forms that a tier comes in (a size, a colour), known by its block like the tier itself."""

    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="variants")
    block_id = models.UUIDField()
    position = models.PositiveSmallIntegerField()
    label_fr = models.CharField(max_length=80, blank=True)
    label_en = models.CharField(max_length=80, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["reward", "block_id"], name="variant_once_per_block")]

    def __str__(self) -> str:
        return text_of(self, "label")


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
