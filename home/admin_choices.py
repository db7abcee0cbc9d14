"""What the filters and suggestions of Wagtail's own lists offer: people, sites and tags of the host's cooperative.

Wagtail offers everyone who ever edited a page, every site and every tag of the installation, and takes and shows any
page, image or document whose id is posted where one is chosen. It has no hook for that: the functions that all of it
passes through are replaced here.
"""

import re
from types import SimpleNamespace
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, Model, Q, QuerySet
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from django_filters.filters import QuerySetRequestMixin
from taggit.models import Tag
from wagtail.admin import filters
from wagtail.admin.auth import require_admin_access
from wagtail.admin.forms.view_restrictions import BaseViewRestrictionForm
from wagtail.admin.widgets import BaseChooser
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.images.views import chooser
from wagtail.models import Collection, Page, Site
from wagtailmedia.models import Media
from wagtailmedia.views import chooser as video_chooser
from wagtailmedia.views import media as video_views

from home.cooperatives.founding import groups_of
from home.models import User
from home.own_trees import FILES, collection_rights, not_ours
from home.tenancy import current_cooperative

SUGGESTIONS = 10

#: What a database takes for an id.
ROW_ID = re.compile(r"[0-9]{1,18}\Z")

offered_by_wagtail = QuerySetRequestMixin.get_queryset
chosen_by_wagtail = BaseChooser.value_from_datadict
prepared_by_wagtail = BaseViewRestrictionForm.__init__


def own_rows(chosen_from: Any, request: HttpRequest) -> QuerySet | None:
    """In place of the rows that a filter offers: those of the running scope's cooperative."""
    offered: QuerySet | None = offered_by_wagtail(chosen_from, request)
    if offered is None:
        offered = chosen_from.extra.get("queryset")
    cooperative = current_cooperative()
    if offered is None or cooperative is None:
        return offered
    if offered.model is User:
        return offered.filter(pk__in=cooperative.memberships.values("user"))
    if offered.model is Site:
        return offered.filter(pk=cooperative.site_id)
    return offered


def own_choice(widget: Any, data: Any, files: Any, name: str) -> Any:
    """In place of what was chosen: nothing, where it is another cooperative's."""
    chosen = chosen_by_wagtail(widget, data, files, name)
    cooperative, model = current_cooperative(), widget.model_class
    if cooperative is None or not ROW_ID.match(str(chosen or "")) or not issubclass(model, (Page, *FILES)):
        return chosen
    return None if not_ours(model, [chosen], cooperative).exists() else chosen


def own_groups(form: BaseViewRestrictionForm, *args: Any, **kwargs: Any) -> None:
    """In place of all groups, of whom a page or a collection may be for: those of the cooperative."""
    prepared_by_wagtail(form, *args, **kwargs)
    cooperative = current_cooperative()
    if cooperative is not None:
        form.fields["groups"].queryset = groups_of(cooperative)


class OwnCollections:
    """In place of the manager in wagtailmedia's chooser: the cooperative's collections; none outside a scope."""

    @staticmethod
    def all() -> QuerySet[Collection]:
        cooperative = current_cooperative()
        if cooperative is None:
            return Collection.objects.none()
        return Collection.objects.filter(pk__in=collection_rights(cooperative).values("collection"))


def own_tags(*models: type[Model]) -> QuerySet[Tag]:
    """Tags on files of the cooperative's collections; none outside a scope."""
    tagged = Q(pk__in=[])
    for model in models:
        files = model._default_manager.filter(collection__in=OwnCollections.all())
        tagged |= Q(
            taggit_taggeditem_items__content_type=ContentType.objects.get_for_model(model),
            taggit_taggeditem_items__object_id__in=files.values("pk"),
        )
    return Tag.objects.filter(tagged).distinct()


def popular_tags(model: type[Model], count: int = SUGGESTIONS) -> QuerySet[Tag]:
    """In place of Wagtail's: the tags used most."""
    return own_tags(model).annotate(uses=Count("taggit_taggeditem_items")).order_by("-uses", "name")[:count]


@require_admin_access
@require_safe
def complete_tag(request: HttpRequest, **model: str) -> JsonResponse:
    """In place of Wagtail's: tags that begin with `term`."""
    term = request.GET.get("term", "").replace("\0", "")
    found = own_tags(Image, Document, Media).filter(name__istartswith=term) if term else Tag.objects.none()
    return JsonResponse(list(found.order_by("name").values_list("name", flat=True)[:SUGGESTIONS]), safe=False)


QuerySetRequestMixin.get_queryset = own_rows
BaseChooser.value_from_datadict = own_choice
BaseViewRestrictionForm.__init__ = own_groups
filters.popular_tags_for_model = popular_tags
chooser.popular_tags_for_model = popular_tags
video_chooser.popular_tags_for_model = popular_tags
video_chooser.Collection = SimpleNamespace(objects=OwnCollections)
video_views.popular_tags_for_model = popular_tags
