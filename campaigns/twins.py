"""The English page of a campaign beside its French one: what is missing in it, and publishing it.

Small on purpose: where a fuller module about both languages stands, these three functions lead there.
"""

from copy import copy
from typing import Any

from wagtail_localize.models import StringTranslation, Translation
from wagtail_localize.segments import StringSegmentValue
from wagtail_localize.segments.extract import extract_segments

from campaigns.models import CampaignPage
from home.languages import ENGLISH, FRENCH

#: Passages that may stay as they are: an address in the other language leads to the page all the same.
MAY_STAY = {"slug"}


def twin_of(page: CampaignPage) -> CampaignPage | None:
    """The page in the other language, published or not."""
    others = CampaignPage.objects.filter(translation_key=page.translation_key, alias_of=None).exclude(
        locale_id=page.locale_id
    )
    return others.select_related("locale").filter(locale__language_code__in=[FRENCH, ENGLISH]).first()


def passages_to_translate(page: CampaignPage) -> int | None:
    """How many passages of a source page have no text in the other language. None where there is no page in it.

    A twin that was written by hand, without wagtail-localize, is taken as it is.
    """
    twin = twin_of(page)
    if twin is None:
        return None
    if _translation(page, twin) is None:
        return 0
    known = set(
        StringTranslation.objects.filter(
            context__object_id=page.translation_key, locale_id=twin.locale_id, has_error=False
        ).values_list("context__path", "translation_of__data")
    )
    wanted = (one for one in extract_segments(_written_out(page)) if isinstance(one, StringSegmentValue))
    return sum((one.path, one.string.data) not in known for one in wanted if one.path not in MAY_STAY)


def _written_out(page: CampaignPage) -> CampaignPage:
    """The page as wagtail-localize keeps it: it stumbles over an image block that was stored as nothing at all."""
    whole = copy(page)
    whole.body = [block.get_prep_value() for block in page.body]  # type: ignore[assignment]
    return whole


def publish_twin(page: CampaignPage, *, by: Any) -> None:
    """Publish the other language with every passage that is translated. Nothing where it is public or not there."""
    twin = twin_of(page)
    if twin is None or twin.live:
        return
    translation = _translation(page, twin)
    if translation is not None:
        translation.save_target(user=by, publish=False)
        twin.refresh_from_db()
    revision = twin.get_latest_revision() or twin.save_revision(user=by)
    revision.publish(user=by, skip_permission_checks=True)


def _translation(page: CampaignPage, twin: CampaignPage) -> Translation | None:
    """None where nobody translates it passage by passage (any more)."""
    found = Translation.objects.filter(
        source__object_id=page.translation_key, target_locale_id=twin.locale_id, enabled=True
    )
    return found.select_related("source", "target_locale").first()
