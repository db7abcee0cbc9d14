"""The pages that every cooperative has: its home, and plain texts (terms, privacy, refunds)."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page, PageViewRestriction

from home.blocks import BodyStoryBlock
from home.fields import BodyField


class KnownWay:
    """A page whose way from the root was read already (home.wayfinding): Wagtail need not read it again."""

    is_known_open = False

    def get_view_restrictions(self) -> "models.QuerySet[PageViewRestriction]":
        if self.is_known_open:
            return PageViewRestriction.objects.none()
        return super().get_view_restrictions()  # type: ignore[misc]


class HomePage(KnownWay, Page):
    """The root of a cooperative's site in one language."""

    tagline = models.CharField(_("tagline"), max_length=200, blank=True)
    body = BodyField(BodyStoryBlock(required=False), blank=True, verbose_name=_("body"))

    template = "home/home_page.html"
    parent_page_types: ClassVar = ["wagtailcore.Page"]
    content_panels: ClassVar = [*Page.content_panels, FieldPanel("tagline"), FieldPanel("body")]

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")


class TextPage(KnownWay, Page):
    """A page of text: terms of the campaign, refunds and fees, personal data."""

    body = BodyField(BodyStoryBlock(required=False), blank=True, verbose_name=_("body"))

    template = "home/text_page.html"
    parent_page_types: ClassVar = ["home.HomePage"]
    subpage_types: ClassVar[list[str]] = []
    content_panels: ClassVar = [*Page.content_panels, FieldPanel("body")]

    class Meta:
        verbose_name = _("page of text")
        verbose_name_plural = _("pages of text")
