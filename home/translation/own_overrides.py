"""What a language has of its own (a picture, a page linked to), as it is chosen in wagtail-localize's editor.

Its view keeps whatever id is sent. Ours stands on the same address, is found first, and keeps no other cooperative's.
"""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Page
from wagtail_localize.models import OverridableSegment, SegmentOverride, Translation
from wagtail_localize.views.edit_translation import (
    FieldHasNoEditPanelError,
    TabHelper,
    edit_override,
    get_segment_location_info,
)

from home.own_trees import FILES, not_ours
from home.tenancy import current_cooperative

#: By what is shown to choose with: of what kind an id is. Another kind of choice may be about any of them.
CHOSEN: dict[str, tuple[type[Model], ...]] = {
    "page_chooser": (Page,),
    "image_chooser": (Image,),
    "document_chooser": (Document,),
    "text": (),
}


@transaction.atomic
def edit_own_override(request: HttpRequest, translation_id: int, overridable_segment_id: int) -> HttpResponseBase:
    """Raises PermissionDenied for what is another cooperative's; nothing is kept then."""
    answer: HttpResponseBase = edit_override(
        request, translation_id=translation_id, overridable_segment_id=overridable_segment_id
    )
    if request.method == "PUT" and _is_anothers(translation_id, overridable_segment_id):
        raise PermissionDenied
    return answer


def _is_anothers(translation_id: int, segment_id: int) -> bool:
    cooperative = current_cooperative()
    translation = Translation.objects.select_related("source").filter(pk=translation_id).first()
    segment = OverridableSegment.objects.select_related("context").filter(pk=segment_id).first()
    if cooperative is None or translation is None or segment is None:
        return False
    kept = SegmentOverride.objects.filter(locale=translation.target_locale_id, context=segment.context_id).first()
    chosen = str(kept.data) if kept is not None else ""
    return chosen.isdecimal() and any(
        not_ours(model, [chosen], cooperative).exists() for model in _kinds(translation, segment)
    )


def _kinds(translation: Translation, segment: OverridableSegment) -> tuple[type[Model], ...]:
    source: Any = translation.source.get_source_instance()
    path = segment.context.path, segment.context.get_field_path(source)
    try:
        found = get_segment_location_info(source, TabHelper(source), *path, widget=True)
    except FieldHasNoEditPanelError:
        return (Page, *FILES)
    return CHOSEN.get(found["widget"]["type"], (Page, *FILES))
