"""A draft of an update in both languages, made of words that are known in both. Nothing is published, nothing sent."""

import html
import uuid
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import translation as gettext_language
from wagtail.models import Locale
from wagtail_localize.models import StringSegment, StringTranslation

from campaigns.models import Campaign, CampaignPage
from home.languages import ENGLISH, FRENCH
from home.models import User
from home.translation import bilingual
from home.translation.passages import passages_of
from updates.models import UpdatePage


@dataclass(frozen=True)
class Words:
    """What one language says. Without paragraphs the page is left to be written."""

    title: str
    summary: str = ""
    paragraphs: tuple[str, ...] = ()

    @property
    def html(self) -> str:
        return "".join(f"<p>{html.escape(paragraph, quote=False)}</p>" for paragraph in self.paragraphs)


#: By language. As many paragraphs in each.
Bilingual = dict[str, Words]


def parent_of(campaign: Campaign) -> CampaignPage | None:
    """The French page of the campaign, published or not: updates stand below it."""
    pages = CampaignPage.objects.filter(translation_key=campaign.translation_key, alias_of=None)
    return pages.filter(locale__language_code=FRENCH).first()


def write(parent: CampaignPage, key: UUID, said: Bilingual, *, by: User | None = None) -> UpdatePage:
    """A new draft below the campaign's French page, and its English twin if the campaign has an English page."""
    french = UpdatePage(
        title=said[FRENCH].title,
        summary=said[FRENCH].summary,
        body=_body(said[FRENCH], uuid.uuid4()),
        locale=Locale.objects.get(language_code=FRENCH),
        translation_key=key,
        owner=by,
        live=False,
        has_unpublished_changes=True,
    )
    with gettext_language.override(FRENCH):
        parent.add_child(instance=french)
    french.save_revision(user=by, clean=False)
    _write_english(french, said[ENGLISH], by)
    return french


def fill(french: UpdatePage, said: Bilingual) -> None:
    """Put words into a draft that nobody has written in, and into its twin."""
    draft = french.get_latest_revision_as_object()
    draft.title, draft.summary = said[FRENCH].title, said[FRENCH].summary
    draft.body = _body(said[FRENCH], uuid.uuid4())
    draft.save_revision(clean=False)
    _write_english(UpdatePage.objects.get(pk=french.pk), said[ENGLISH], None)


def is_empty(french: UpdatePage) -> bool:
    """Nobody has written in it."""
    draft = french.get_latest_revision_as_object()
    return not french.first_published_at and not draft.summary.strip() and not len(draft.body)


def _body(words: Words, block_id: UUID) -> list[dict[str, Any]]:
    return [{"type": "text", "id": str(block_id), "value": {"text": words.html}}] if words.paragraphs else []


def _write_english(french: UpdatePage, words: Words, by: User | None) -> None:
    """As if someone had translated every passage. What is kept by hand, or has nowhere to stand, is left alone."""
    if bilingual.english_of(french.get_parent().specific) is None:
        return
    english = bilingual.open_translation(french, by)
    translation = bilingual.translation_of(french)
    if translation is None:
        return
    said = _pairs(french.get_latest_revision_as_object(), words)
    segments = StringSegment.objects.filter(source=translation.source).select_related("string", "context")
    for segment in segments:
        if text := said.get((segment.context.path, segment.string.data)):
            StringTranslation.objects.update_or_create(
                translation_of=segment.string,
                context=segment.context,
                locale=translation.target_locale,
                defaults={"data": text, "translation_type": StringTranslation.TRANSLATION_TYPE_MANUAL},
            )
    bilingual.propose_slug(translation, english)
    fresh = translation.source.get_ephemeral_translated_instance(translation.target_locale, fallback=True)
    fresh.save_revision(user=by, clean=False)


def _pairs(draft: UpdatePage, words: Words) -> dict[tuple[str, str], str]:
    """(path, French passage) to its English, both read as wagtail-localize reads them."""
    content = draft.serializable_data()
    blocks = [_body(words, UUID(str(block.id)))[0] for block in draft.body]
    english = content | {"title": words.title, "summary": words.summary, "body": blocks}
    ours, theirs = passages_of(UpdatePage, content), passages_of(UpdatePage, english)
    return {passage: text for passage, (_path, text) in zip(ours, theirs, strict=True)}
