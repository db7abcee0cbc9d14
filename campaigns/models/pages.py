"""The campaign page: words, and the terms as the editor sees them."""

from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel
from wagtail.search import index
from wagtail_localize.fields import SynchronizedField

from campaigns.blocks import CampaignStoryBlock
from campaigns.enums import FundingModel, GoalUnit, RewardKind, Theme
from campaigns.forms import CampaignCopyForm, CampaignPageForm
from campaigns.models.terms import Campaign
from campaigns.panels import ChecklistPanel, GoalPanel
from home.fields import BodyField
from home.models.pages import PublicPage


class CampaignPage(PublicPage):
    """One page per language; the terms of all of them are one Campaign (same translation key).

    `goal` is in minor units of the cooperative's currency, or in rewards (`goal_unit`); the deadline is the end of
    `end_date` in its time zone.
    Both may be empty in a draft (so that it can be saved from the first word), never on a published page.
    """

    funding_model = models.CharField(
        _("funding model"), max_length=20, choices=FundingModel.choices, default=FundingModel.ALL_OR_NOTHING
    )
    goal_unit = models.CharField(_("goal in"), max_length=10, choices=GoalUnit.choices, default=GoalUnit.MONEY)
    goal = models.PositiveBigIntegerField(_("goal"), null=True)
    suggested_amounts = models.CharField(
        _("suggested amounts"),
        max_length=80,
        blank=True,
        help_text=_("For a contribution without reward: up to six whole amounts, for example 10, 25, 50."),
    )
    end_date = models.DateField(_("last day"), null=True)
    theme = models.CharField(_("theme"), max_length=20, choices=Theme.choices, blank=True)
    social_image = models.ForeignKey(
        "wagtailimages.Image",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("social image"),
        help_text=_("Shown where the page is shared; without one, a picture with the progress is drawn."),
    )
    body = BodyField(CampaignStoryBlock(), verbose_name=_("page"))

    template = "campaigns/campaign_page.html"
    parent_page_types: ClassVar = ["home.HomePage"]
    search_fields: ClassVar = [*PublicPage.search_fields, index.SearchField("body")]
    base_form_class = CampaignPageForm
    copy_form_class = CampaignCopyForm
    content_panels: ClassVar = [
        *PublicPage.content_panels,
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("funding_model"), FieldPanel("goal_unit")]),
                FieldRowPanel([FieldPanel("goal"), FieldPanel("end_date")]),
            ],
            heading=_("Terms"),
        ),
        GoalPanel(heading=_("Is the goal enough?")),
        FieldPanel("suggested_amounts"),
        FieldPanel("theme"),
        FieldPanel("body"),
        ChecklistPanel(),
    ]
    promote_panels: ClassVar = [*PublicPage.promote_panels, FieldPanel("social_image")]
    override_translatable_fields: ClassVar = [
        SynchronizedField("funding_model", overridable=False),
        SynchronizedField("goal_unit", overridable=False),
        SynchronizedField("goal", overridable=False),
        SynchronizedField("suggested_amounts", overridable=False),
        SynchronizedField("end_date", overridable=False),
        SynchronizedField("theme", overridable=False),
        SynchronizedField("social_image", overridable=True),
    ]

    class Meta:
        verbose_name = _("campaign page")
        verbose_name_plural = _("campaign pages")

    @cached_property
    def campaign(self) -> Campaign | None:
        """The terms, once the source page has been published; an alias shows those of the page it repeats."""
        key = self.alias_of.translation_key if self.alias_of_id else self.translation_key
        return Campaign.objects.filter(translation_key=key).select_related("cooperative").first()

    @cached_property
    def opening(self) -> Any:
        """The value of the title block, if the page has one."""
        return next((block.value for block in self.body if block.block_type == "title"), None)

    @cached_property
    def video(self) -> Any:
        """The first video block (`.id`, `.value`), if the page has one."""
        return next((block for block in self.body if block.block_type == "video"), None)

    @property
    def has_own_call(self) -> bool:
        """Whether the editor wrote the call to contribute; the page then has no other."""
        return any(block.block_type == "call_to_action" for block in self.body)

    @property
    def has_workflow(self) -> bool:
        return self.get_workflow() is not None

    def get_workflow(self) -> Any:
        """The cooperative's review, while there is something to review; the translation has none."""
        from campaigns import reviewing  # noqa: PLC0415 (it imports the models)

        return reviewing.workflow_for(self) if settings.WAGTAIL_WORKFLOW_ENABLED else None

    def refusal_to_publish(self) -> str | None:
        """Why the page may not be public, in the reader's language; None where it may."""
        from campaigns import reviewing  # noqa: PLC0415 (it imports the models)

        return super().refusal_to_publish() or reviewing.refusal_to_publish(self)

    def faults_to_publish(self) -> list[str]:
        """What is frozen, and tiers and budgets that do not hold."""
        from campaigns import page_faults  # noqa: PLC0415 (it imports the models)

        return [*super().faults_to_publish(), *page_faults.of(self)]

    @property
    def tier_blocks(self) -> list[Any]:
        """The tiers' list children (`.id`, `.value`), in page order."""
        return self._children_of("reward_tiers")

    @property
    def add_on_blocks(self) -> list[Any]:
        """The add-ons' list children, in page order."""
        return self._children_of("add_ons")

    @property
    def offered_blocks(self) -> list[tuple[RewardKind, Any]]:
        """All that becomes a Reward, in its order: the tiers, then the add-ons."""
        tiers = [(RewardKind.REWARD, child) for child in self.tier_blocks]
        return tiers + [(RewardKind.ADDON, child) for child in self.add_on_blocks]

    def _children_of(self, block_type: str) -> list[Any]:
        return [child for block in self.body if block.block_type == block_type for child in block.value.bound_blocks]
