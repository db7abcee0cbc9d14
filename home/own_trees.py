"""Whose a page or a file is: pages stand below a cooperative's home pages, files lie in its collection or below it."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model, QuerySet
from django.db.models.functions import Left
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Collection, GroupCollectionPermission, Page
from wagtailmedia.models import Media

from home.cooperatives.founding import groups_of
from home.hosts.wayfinding import HOME_DEPTH, HOME_PATH
from home.models import Cooperative

FILES = (Image, Document, Media)

#: How much of a collection's path names the one that a cooperative was founded with.
TOP_PATH = 2 * Collection.steplen


def pages_of(cooperative: Cooperative) -> QuerySet[Page]:
    """Its home pages in every language, and all that stands below them."""
    named = Page.objects.filter(sites_rooted_here__cooperative=cooperative).order_by().values("translation_key")
    homes = Page.objects.filter(depth=HOME_DEPTH, translation_key__in=named).order_by()
    return Page.objects.annotate(home=Left("path", HOME_PATH)).filter(home__in=homes.values("path"))


def collection_rights(cooperative: Cooperative) -> QuerySet[GroupCollectionPermission]:
    """What its people may do in the collection of a cooperative."""
    return GroupCollectionPermission.objects.filter(group__in=groups_of(cooperative))


def not_ours(model: type[Model], keys: Iterable[Any], cooperative: Cooperative) -> QuerySet:
    """Those pages, or files of a kind, that are another's. What lies in no one's collection is everyone's."""
    rows = model._default_manager.filter(pk__in=keys)
    if issubclass(model, Page):
        return rows.exclude(pk__in=pages_of(cooperative).order_by().values("pk"))
    placed = rows.annotate(top=Left("collection__path", TOP_PATH))
    held = GroupCollectionPermission.objects.filter(collection__depth__gt=1)
    return placed.filter(top__in=_tops(held)).exclude(top__in=_tops(collection_rights(cooperative)))


def _tops(rights: QuerySet[GroupCollectionPermission]) -> QuerySet:
    return rights.annotate(top=Left("collection__path", TOP_PATH)).values("top")


def is_another_s(collection: Collection, cooperative: Cooperative) -> bool:
    """Whether another cooperative was founded with it, or with one above it."""
    top = collection.path[:TOP_PATH]
    held = GroupCollectionPermission.objects.filter(collection__depth__gt=1)
    return _tops(held).filter(top=top).exists() and not _tops(collection_rights(cooperative)).filter(top=top).exists()
