"""Whose a row is, for what is looked for in all that a cooperative's people wrote, in Wagtail's tables too."""

from collections.abc import Callable
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import CharField, Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Cast
from django_tasks_db.models import DBTaskResult
from wagtail.admin.models import FormState
from wagtail.models import Comment, CommentReply, ModelLogEntry, Page, PageLogEntry, Revision, TaskState, WorkflowState
from wagtail_localize.models import (
    OverridableSegment,
    SegmentOverride,
    String,
    StringSegment,
    StringTranslation,
    Template,
    TemplateSegment,
    TranslationSource,
)

from home.models import Brand, Cooperative, Membership
from home.own_trees import FILES, collection_rights, pages_of

Scope = Callable[[QuerySet[Any], Cooperative], QuerySet[Any]]


def rows_of(model: type[Model], cooperative: Cooperative) -> QuerySet[Any]:
    """The rows of a model that are this cooperative's, or the machine's. Raises KeyError where nothing says whose."""
    rows = model._base_manager.all()
    if any(field.name == "cooperative" for field in model._meta.concrete_fields):
        return rows.filter(cooperative=cooperative)
    if issubclass(model, Page):
        return rows.filter(pk__in=_page_ids(cooperative))
    if issubclass(model, FILES):
        collections = collection_rights(cooperative).values("collection__path")
        below = Q()
        for path in collections.values_list("collection__path", flat=True).distinct():
            below |= Q(collection__path__startswith=path)
        return rows.filter(below) if below else rows.none()
    return SCOPES[model](rows, cooperative)


def _page_ids(cooperative: Cooperative) -> QuerySet[Any]:
    return pages_of(cooperative).order_by().values("pk")


def _keys(cooperative: Cooperative) -> QuerySet[Any]:
    return pages_of(cooperative).order_by().values("translation_key")


def _team(cooperative: Cooperative) -> QuerySet[Any]:
    return Membership.objects.filter(cooperative=cooperative).values("user")


def _of_pages(rows: QuerySet[Any], cooperative: Cooperative) -> QuerySet[Any]:
    """Rows that name a page by its type and a text of its number."""
    texts = pages_of(cooperative).order_by().annotate(text=Cast("pk", CharField())).values("text")
    return rows.filter(base_content_type=ContentType.objects.get_for_model(Page), object_id__in=texts)


def _strings(rows: QuerySet[Any], cooperative: Cooperative) -> QuerySet[Any]:
    """Said by a text of ours, or by none any more."""
    keys = _keys(cooperative)
    segments, translations = StringSegment.objects, StringTranslation.objects
    ours = Exists(segments.filter(string=OuterRef("pk"), source__object__in=keys))
    translated = Exists(translations.filter(translation_of=OuterRef("pk"), context__object__in=keys))
    said = Exists(segments.filter(string=OuterRef("pk"))) | Exists(translations.filter(translation_of=OuterRef("pk")))
    return rows.filter(ours | translated | ~said)


def _templates(rows: QuerySet[Any], cooperative: Cooperative) -> QuerySet[Any]:
    ours = TemplateSegment.objects.filter(template=OuterRef("pk"), source__object__in=_keys(cooperative))
    return rows.filter(Exists(ours))


def _by_team(rows: QuerySet[Any], cooperative: Cooperative) -> QuerySet[Any]:
    return rows.filter(user__in=_team(cooperative))


def _page_log(rows: QuerySet[Any], cooperative: Cooperative) -> QuerySet[Any]:
    """Entries of a page that is gone are known by who made them."""
    return rows.filter(Q(page__in=_page_ids(cooperative)) | Q(user__in=_team(cooperative)))


SCOPES: dict[type[Model], Scope] = {
    Brand: lambda rows, cooperative: rows.filter(site=cooperative.site_id),
    Revision: _of_pages,
    PageLogEntry: _page_log,
    ModelLogEntry: _by_team,
    FormState: _by_team,
    Comment: lambda rows, cooperative: rows.filter(page__in=_page_ids(cooperative)),
    CommentReply: lambda rows, cooperative: rows.filter(comment__page__in=_page_ids(cooperative)),
    TaskState: lambda rows, cooperative: rows.filter(
        workflow_state__in=_of_pages(WorkflowState.objects.all(), cooperative)
    ),
    TranslationSource: lambda rows, cooperative: rows.filter(object__in=_keys(cooperative)),
    String: _strings,
    StringTranslation: lambda rows, cooperative: rows.filter(context__object__in=_keys(cooperative)),
    SegmentOverride: lambda rows, cooperative: rows.filter(context__object__in=_keys(cooperative)),
    StringSegment: lambda rows, cooperative: rows.filter(source__object__in=_keys(cooperative)),
    OverridableSegment: lambda rows, cooperative: rows.filter(source__object__in=_keys(cooperative)),
    Template: _templates,
    DBTaskResult: lambda rows, cooperative: rows,
}
