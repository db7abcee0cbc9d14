"""The page of an update, in one language, below the campaign's page of that language."""

from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, MultiFieldPanel
from wagtail_localize.fields import SynchronizedField

from home.fields import BodyField
from home.models.pages import PublicPage
from updates.blocks import UpdateStoryBlock
from updates.enums import Audience
from updates.forms import UpdatePageForm
from updates.models.updates import Update


class UpdatePage(PublicPage):
    """Publishing it shows it in the feed, and changes nothing else.

    Who may read it stands on the source-language page and counts from its row (`Update`) on. `tiers`: block ids.
    """

    summary = models.CharField(
        _("summary"), max_length=300, help_text=_("One or two sentences, for the feed and the top of the mail.")
    )
    body = BodyField(UpdateStoryBlock(), verbose_name=_("page"))

    audience = models.CharField(_("who may read it"), max_length=8, choices=Audience.choices, default=Audience.PUBLIC)
    tiers = models.JSONField(_("rewards"), default=list, blank=True)
    public_on = models.DateField(
        _("opens to everyone on"), null=True, blank=True, help_text=_("Empty: it stays as it is.")
    )

    template = "updates/update_page.html"
    parent_page_types: ClassVar = ["campaigns.CampaignPage"]
    subpage_types: ClassVar[list[str]] = []
    base_form_class = UpdatePageForm
    override_translatable_fields: ClassVar = [
        SynchronizedField("audience", overridable=False),
        SynchronizedField("tiers", overridable=False),
        SynchronizedField("public_on", overridable=False),
    ]
    content_panels: ClassVar = [
        *PublicPage.content_panels,
        FieldPanel("summary"),
        FieldPanel("body"),
        MultiFieldPanel(
            [FieldPanel("audience"), FieldPanel("tiers"), FieldPanel("public_on")], heading=_("Who may read it")
        ),
    ]

    class Meta:
        verbose_name = _("update")
        verbose_name_plural = _("updates")

    @cached_property
    def update(self) -> Update | None:
        """The row that mails refer to, once a page of the update has been published."""
        rows = Update.objects.select_related("campaign", "cooperative")
        return rows.filter(translation_key=self.translation_key).first()

    @property
    def is_open(self) -> bool:
        """Whether anyone may read it; by its own word where no row says so (a mirror, a campaign without terms)."""
        return self.update.is_open if self.update else self.audience == Audience.PUBLIC

    def serve(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A stranger to an update that is not for everyone is told so, and how its readers open it."""
        from updates.public_views import refused  # noqa: PLC0415 (it reads these models)

        if getattr(request, "is_preview", False) or self.is_open:
            return super().serve(request, *args, **kwargs)
        return refused(request, self)

    @property
    def delay_blocks(self) -> list[Any]:
        """The delay notices as stream children (`.id`, `.value`), in page order."""
        return [block for block in self.body if block.block_type == "delay_notice"]
