"""Links to pages within rich text: one query for all of a page's links, whatever the pages and languages."""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.utils.html import escape
from wagtail.models import Page
from wagtail.rich_text.pages import PageLinkHandler

from home.languages import current
from home.tenancy import current_cooperative


class PageLinks(PageLinkHandler):
    """Leads to the page in the reader's language where that is live, as Wagtail does."""

    @classmethod
    def expand_db_attributes_many(cls, attrs_list: list[dict[str, Any]]) -> list[str]:
        linked = _pages_of(attrs_list)
        return [f'<a href="{escape(_url(page) or "")}">' if page else "<a>" for page in linked]


def _pages_of(attrs_list: list[dict[str, Any]]) -> list[Page | None]:
    wanted = [str(attrs.get("id")) for attrs in attrs_list]
    ids = [pk for pk in wanted if pk.isdecimal()]
    keys = Page.objects.filter(pk__in=ids).order_by().values("translation_key")
    versions: dict[UUID, list[Page]] = defaultdict(list)
    for page in Page.objects.filter(translation_key__in=keys).select_related("locale").order_by("path"):
        versions[page.translation_key].append(page)
    by_id = {str(page.pk): page for pages in versions.values() for page in pages}
    found = [by_id.get(pk) for pk in wanted]
    return [page and _in_language(page, versions[page.translation_key]) for page in found]


def _in_language(page: Page, versions: list[Page]) -> Page:
    live = (one for one in versions if one.live and one.locale.language_code == current())
    return next(live, page)


def _url(page: Page) -> str | None:
    """Within the site that a request is about, without asking where every other site has its root."""
    site = getattr(current_cooperative(), "site", None)
    near = page.get_url(site, current_site=site) if hasattr(site, "_wagtail_cached_site_root_paths") else None
    return near or page.url
