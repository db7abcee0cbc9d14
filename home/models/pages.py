"""The pages that every cooperative has: its home, and plain texts (terms, privacy, refunds)."""

import logging
from functools import lru_cache
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.models import Page, PageViewRestriction, Revision

from home import clock
from home.blocks import BodyStoryBlock
from home.copying import PublicCopyForm
from home.fields import BodyField
from home.languages import FRENCH
from home.models.cooperative import Cooperative
from home.tenancy import current_cooperative

log = logging.getLogger(__name__)

#: How Wagtail's periodic command signs what it publishes.
BY_THE_CLOCK = "wagtail.publish.scheduled"


class KnownWay:
    """A page whose way from the root was read already (home.hosts.wayfinding): Wagtail need not read it again."""

    is_known_open = False

    def get_view_restrictions(self) -> "models.QuerySet[PageViewRestriction]":
        if self.is_known_open:
            none = PageViewRestriction.objects.none()
            none._result_cache = []  # it need not look
            return none
        return super().get_view_restrictions()  # type: ignore[misc]

    def get_url_parts(self, request: Any = None) -> tuple[int, str | None, str | None] | None:
        """Wagtail asks the address book for each page anew, which a page that shows twenty of them pays for."""
        if getattr(request, "surroundings", None) is not None:
            for root in request._wagtail_cached_site_root_paths:
                if self.url_path.startswith(root.root_path):  # type: ignore[attr-defined]
                    way = self.url_path[len(root.root_path) :]  # type: ignore[attr-defined]
                    return root.site_id, root.root_url, _served_at(root.language_code) + way
        return super().get_url_parts(request)  # type: ignore[misc]


@lru_cache
def _served_at(language: str) -> str:
    with translation.override(language):
        return reverse("wagtail_serve", args=("",))


class PublicationRefused(ValidationError):
    """A page may not go live now; the message says why, in the reader's language."""

    def __init__(self, why: str) -> None:
        super().__init__({NON_FIELD_ERRORS: [why]})


class PublicPage(KnownWay, Page):
    """What every page type of ours is: it goes live only where `refusal_to_publish` has nothing to say.

    Asked by `publish` (each revision, a scheduled one too) and by `save` (whatever else makes a page live: a copy, an
    alias, a page made live). The admin's views ask first, so that their reader gets a sentence at the right place.
    """

    copy_form_class = PublicCopyForm
    #: A form posts to an address of its own.
    allowed_http_methods: ClassVar = ["GET", "HEAD", "OPTIONS"]

    class Meta:
        abstract = True

    def refusal_to_publish(self) -> str | None:
        """Why this page, as it stands, may not be published or scheduled now; None where it may.

        Subclasses add their own reasons, and ask `super()`. A page that was never saved may be asked too.
        """
        if self.locale.language_code == FRENCH or not self.french_goes_first():
            return None
        french = self.french_twin
        if french is not None and (french.live or self._comes_after(french)):
            return None
        return gettext("The English page cannot be published before the French page.")

    def faults_to_publish(self) -> list[str]:
        """What the editor's form would object to in a draft that was saved before it had to hold, as sentences."""
        return []

    @property
    def french_twin(self) -> Page | None:
        """The French page of the same translation group, draft or not."""
        group = Page.objects.filter(translation_key=self.translation_key, locale__language_code=FRENCH)
        return group.exclude(pk=self.pk).first()

    def french_goes_first(self) -> bool:
        """Whether the page's cooperative keeps to « no English page without its French twin »."""
        cooperative = self._own_cooperative()
        return cooperative is None or cooperative.french_first

    def _own_cooperative(self) -> Cooperative | None:
        """None while a cooperative is being founded: its home pages are older than itself."""
        from home.queries import cooperative_of  # noqa: PLC0415 (it reads these models)

        if not self.path:
            return current_cooperative()
        try:
            return cooperative_of(self)
        except Cooperative.DoesNotExist:
            return None

    def _comes_after(self, french: Page) -> bool:
        """Both are scheduled, the French page no later than this one."""
        scheduled = french.scheduled_revision
        if scheduled is None or self.go_live_at is None or self.go_live_at <= clock.now():
            return False
        return bool(scheduled.approved_go_live_at <= self.go_live_at)

    def publish(self, revision: Revision, *args: Any, **kwargs: Any) -> None:
        """Raises PublicationRefused. What the clock publishes is left as it is, and tried again at its next turn."""
        refusal = revision.as_object().refusal_to_publish()
        if refusal is None:
            super().publish(revision, *args, **kwargs)
        elif kwargs.get("log_action") == BY_THE_CLOCK:
            log.warning("page %s was not published on time: %s", self.pk, refusal)
        else:
            raise PublicationRefused(refusal)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.live and self._was_not_live(kwargs.get("update_fields")):
            refusal = self.refusal_to_publish()
            if refusal is not None:
                raise PublicationRefused(refusal)
        super().save(*args, **kwargs)

    def _was_not_live(self, update_fields: Any) -> bool:
        if update_fields is not None and "live" not in update_fields:
            return False
        return self._state.adding or not Page.objects.filter(pk=self.pk, live=True).exists()


class HomePage(PublicPage):
    """The root of a cooperative's site in one language."""

    tagline = models.CharField(_("tagline"), max_length=200, blank=True)
    body = BodyField(BodyStoryBlock(required=False), blank=True, verbose_name=_("body"))

    template = "home/home_page.html"
    parent_page_types: ClassVar = ["wagtailcore.Page"]
    content_panels: ClassVar = [*PublicPage.content_panels, FieldPanel("tagline"), FieldPanel("body")]

    class Meta:
        verbose_name = _("home page")
        verbose_name_plural = _("home pages")


class TextPage(PublicPage):
    """A page of text: terms of the campaign, refunds and fees, personal data."""

    body = BodyField(BodyStoryBlock(required=False), blank=True, verbose_name=_("body"))

    template = "home/text_page.html"
    parent_page_types: ClassVar = ["home.HomePage"]
    subpage_types: ClassVar[list[str]] = []
    content_panels: ClassVar = [*PublicPage.content_panels, FieldPanel("body")]

    class Meta:
        verbose_name = _("page of text")
        verbose_name_plural = _("pages of text")
