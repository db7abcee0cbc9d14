"""A French page and its English translation, both live, as an editor makes them with wagtail-localize."""

import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from bs4 import MarkupResemblesLocatorWarning
from wagtail.models import Locale, Page
from wagtail_localize.models import StringSegment, StringTranslation, Translation, TranslationSource
from wagtail_localize.segments import StringSegmentValue
from wagtail_localize.segments.extract import extract_segments

from home.languages import ENGLISH, FRENCH
from home.models import User
from home.translation import bilingual


def add_both(
    parent: Page,
    model: type[Page],
    french: dict[str, Any],
    english: dict[str, Any],
    *,
    before: Callable[[Any], object] = lambda page: None,
) -> Page:
    """Below a French page, a French page and its translation. Found again by its slug when it is there already.

    `before` is done with the draft before it is published.
    """
    page = model.objects.child_of(parent).filter(slug=french["slug"]).first()
    if page is None:
        page = parent.add_child(instance=model(locale=Locale.objects.get(language_code=FRENCH), live=False, **french))
        before(page)
    if not page.get_translations().live().exists():
        publish_both(page, english)
    return page


def draft_both(parent: Page, model: type[Page], french: dict[str, Any], english: dict[str, Any]) -> Page:
    """A French page and its complete translation, neither of them published. Found again by its slug."""
    page = model.objects.child_of(parent).filter(slug=french["slug"]).first()
    if page is None:
        page = parent.add_child(instance=model(locale=Locale.objects.get(language_code=FRENCH), live=False, **french))
        page.save_revision(user=french.get("owner"))
    if not page.get_translations().exists():
        _translate_draft(page, english)
    return page


def publish_drafts(page: Page) -> None:
    """Publish a page and its translation as they were last saved; what is public is left as it is."""
    for one in (page, *page.get_translations()):
        if not one.live:
            one.get_latest_revision().publish()


def _translate_draft(page: Page, english: dict[str, Any]) -> Page:
    """The translation of a page, every string of it from `english` (fields by name), as a draft."""
    warnings.filterwarnings(
        "ignore", category=MarkupResemblesLocatorWarning
    )  # wagtail-localize reads a video's address
    locale = Locale.objects.get(language_code=ENGLISH)
    source, _created = TranslationSource.update_or_create_from_instance(page)
    translation, _created = Translation.objects.get_or_create(source=source, target_locale=locale)
    _translate(source, locale, type(page)(locale=locale, **english))
    translation.save_target(publish=False)
    return page.get_translation(locale)


def publish_both(page: Page, english: dict[str, Any]) -> None:
    """Publish a page, then its translation."""
    page.save_revision().publish()
    _translate_draft(page, english).get_latest_revision().publish()


def correct_both(page: Page, english: dict[str, Any], by: User) -> None:
    """Publish what was written into a page and into its translation since, as the button for both languages does."""
    page.save_revision(user=by)
    bilingual.open_translation(page, by)
    translation = Translation.objects.select_related("source").get(source__object_id=page.translation_key)
    _translate(translation.source, translation.target_locale, type(page)(locale=translation.target_locale, **english))
    bilingual.publish_both(page, by)


def _translate(source: TranslationSource, locale: Locale, words: Page) -> None:
    """Pair the strings of both texts by where they stand. Raises ValueError where their shapes differ."""
    wanted = _strings_by_path(words)
    for segment in StringSegment.objects.filter(source=source).select_related("context", "string").order_by("order"):
        if not wanted[segment.context.path]:
            raise ValueError(f"{words.title}: nothing in English for “{segment.string.data}” at {segment.context.path}")
        StringTranslation.objects.update_or_create(
            translation_of=segment.string,
            locale=locale,
            context=segment.context,
            defaults={
                "data": wanted[segment.context.path].pop(0),
                "translation_type": StringTranslation.TRANSLATION_TYPE_MANUAL,
            },
        )
    if left := [path for path, strings in wanted.items() if strings]:
        raise ValueError(f"{words.title}: nothing in French for {left}")


def _strings_by_path(page: Page) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for segment in extract_segments(page):
        if isinstance(segment, StringSegmentValue):
            found[segment.path].append(segment.string.data)
    return found
