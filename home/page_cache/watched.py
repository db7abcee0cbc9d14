"""What of this room's tables, and of Wagtail's, public pages show."""

from django.db.backends.signals import connection_created
from wagtail.documents import get_document_model
from wagtail.images import get_image_model
from wagtail.models import Locale, Page, PageViewRestriction, Site
from wagtailmedia.models import get_media_model

from home.models import (
    Brand,
    Cooperative,
    Federation,
    FormerHost,
    HomePage,
    LegalText,
    LogoDrawing,
    TextPage,
)
from home.page_cache import versions
from home.page_cache.shelves import shelf

#: What Wagtail writes of a page each time a draft is saved, while its editor types.
OF_DRAFTS = ("draft_title", "has_unpublished_changes", "latest_revision_id", "latest_revision_created_at")


def connect() -> None:
    versions.show(Page, but=OF_DRAFTS)
    versions.show(HomePage, TextPage, PageViewRestriction, Brand, LogoDrawing, LegalText)
    versions.show(get_image_model(), get_document_model(), get_media_model())
    versions.show(Cooperative, Federation, FormerHost, Site, Locale, everywhere=True)
    versions.on_bump(lambda _cooperative: shelf.distrust())
    connection_created.connect(versions.watch, dispatch_uid="home.page_cache.watch")
