"""The campaign page: words, and the terms as the editor sees them."""

from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, FieldRowPanel
from wagtail.models import Page
from wagtail_localize.fields import SynchronizedField

from campaigns.blocks import CampaignStoryBlock
from campaigns.enums import FundingModel, Theme
from campaigns.forms import CampaignPageForm
from campaigns.models.terms import Campaign
from campaigns.panels import ChecklistPanel
from home.fields import BodyField


class PublishRefused(PermissionDenied):
    """The message says why, in the reader's language."""


class CampaignPage(Page):
    """One page per language; the terms of all of them are one Campaign (same translation key).

    `goal` is in minor units of the cooperative's currency; the deadline is the end of `end_date` in its time zone.
    Both may be empty in a draft (so that it can be saved from the first word), never on a published page.
    """

    funding_model = models.CharField(
        _("funding model"), max_length=20, choices=FundingModel.choices, default=FundingModel.ALL_OR_NOTHING
    )
    goal = models.PositiveBigIntegerField(_("goal"), null=True)
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
    base_form_class = CampaignPageForm
    content_panels: ClassVar = [
        *Page.content_panels,
        FieldRowPanel([FieldPanel("funding_model"), FieldPanel("goal"), FieldPanel("end_date")], heading=_("Terms")),
        FieldPanel("theme"),
        FieldPanel("body"),
        ChecklistPanel(),
    ]
    promote_panels: ClassVar = [*Page.promote_panels, FieldPanel("social_image")]
    override_translatable_fields: ClassVar = [
        SynchronizedField("funding_model", overridable=False),
        SynchronizedField("goal", overridable=False),
        SynchronizedField("end_date", overridable=False),
        SynchronizedField("theme", overridable=False),
        SynchronizedField("social_image", overridable=True),
    ]

    class Meta:
        verbose_name = _("campaign page")
        verbose_name_plural = _("campaign pages")

    @cached_property
    def campaign(self) -> Campaign | None:
        """The terms, once the source page has been published."""
        return Campaign.objects.filter(translation_key=self.translation_key).select_related("cooperative").first()

    @cached_property
    def opening(self) -> Any:
        """The value of the title block, if the page has one."""
        return next((block.value for block in self.body if block.block_type == "title"), None)

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

        return reviewing.refusal_to_publish(self)

    def publish(self, revision: Any, user: Any = None, **kwargs: Any) -> Any:
        """Raises PublishRefused before the campaign is approved, whoever asks for it."""
        if refusal := self.refusal_to_publish():
            raise PublishRefused(refusal)
        return super().publish(revision, user=user, **kwargs)

    @property
    def tier_blocks(self) -> list[Any]:
        """The tiers' list children (`.id`, `.value`), in page order."""
        return [
            child for block in self.body if block.block_type == "reward_tiers" for child in block.value.bound_blocks
        ]
