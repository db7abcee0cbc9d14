"""Links within rich text, to pages and documents of one's own cooperative.

To pages: one query for all of a page's links, whatever the pages and languages. The editor keeps no link to what is
another's, and is told nothing of one that stands there already.
"""

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db.models import Model
from django.utils.html import escape
from wagtail.admin.rich_text.converters.contentstate import link_entity
from wagtail.admin.rich_text.converters.html_to_contentstate import ExternalLinkElementHandler, PageLinkElementHandler
from wagtail.documents.models import Document
from wagtail.documents.rich_text import DocumentLinkHandler
from wagtail.documents.rich_text.contentstate import DocumentLinkElementHandler, document_link_entity
from wagtail.models import Page
from wagtail.rich_text.feature_registry import FeatureRegistry
from wagtail.rich_text.pages import PageLinkHandler

from home.languages import current
from home.own_trees import not_ours, pages_of
from home.tenancy import current_cooperative


class PageLinks(PageLinkHandler):
    """Leads to the page in the reader's language where that is live, as Wagtail does; to no page of another's."""

    @classmethod
    def expand_db_attributes_many(cls, attrs_list: list[dict[str, Any]]) -> list[str]:
        linked = _pages_of(attrs_list)
        return [f'<a href="{escape(_url(page) or "")}">' if page else "<a>" for page in linked]


def _pages_of(attrs_list: list[dict[str, Any]]) -> list[Page | None]:
    wanted = [str(attrs.get("id")) for attrs in attrs_list]
    ids = [pk for pk in wanted if pk.isdecimal()]
    cooperative = current_cooperative()
    linkable = Page.objects.all() if cooperative is None else pages_of(cooperative)
    keys = linkable.filter(pk__in=ids).order_by().values("translation_key")
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


def is_ours(model: type[Model], key: Any) -> bool:
    """Whether a text may link to it; outside a scope, to anything."""
    cooperative = current_cooperative()
    if cooperative is None:
        return True
    return str(key).isdecimal() and not not_ours(model, [key], cooperative).exists()


class OwnDocumentLinks(DocumentLinkHandler):
    @classmethod
    def get_many(cls, attrs_list: list[dict[str, Any]]) -> list[Any]:
        """In one query, whatever the number."""
        ids = [str(attrs.get("id")) for attrs in attrs_list]
        cooperative, found = current_cooperative(), Document.objects.filter(pk__in=[pk for pk in ids if pk.isdecimal()])
        if cooperative is not None:
            found = found.exclude(pk__in=not_ours(Document, found.values("pk"), cooperative).values("pk"))
        by_id = {str(document.pk): document for document in found}
        return [by_id.get(pk) for pk in ids]


class OwnPages(PageLinkElementHandler):
    """From the database to the editor."""

    def get_attribute_data(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return super().get_attribute_data(attrs) if is_ours(Page, attrs["id"]) else {}


class OwnDocuments(DocumentLinkElementHandler):
    def get_attribute_data(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return super().get_attribute_data(attrs) if is_ours(Document, attrs.get("id")) else {}


def _own_page(props: dict[str, Any]) -> Any:
    """From the editor to the database: the words alone, where they linked to what is another's."""
    return link_entity(props) if props.get("id") is None or is_ours(Page, props["id"]) else props["children"]


def _own_document(props: dict[str, Any]) -> Any:
    return document_link_entity(props) if is_ours(Document, props.get("id")) else props["children"]


def register(features: FeatureRegistry) -> None:
    """In place of Wagtail's links and how its editor reads and writes them."""
    features.register_link_type(PageLinks)
    features.register_link_type(OwnDocumentLinks)
    rules = {
        "link": (
            {"a[href]": ExternalLinkElementHandler("LINK"), 'a[linktype="page"]': OwnPages("LINK")},
            {"LINK": _own_page},
        ),
        "document-link": ({'a[linktype="document"]': OwnDocuments("DOCUMENT")}, {"DOCUMENT": _own_document}),
    }
    for name, (read, written) in rules.items():
        rule = {"from_database_format": read, "to_database_format": {"entity_decorators": written}}
        features.register_converter_rule("contentstate", name, rule)
