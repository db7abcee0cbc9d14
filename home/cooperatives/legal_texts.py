"""The legal texts of a cooperative: a page each, in both languages, with its identity filled in.

The words are the house's own (legal_texts.toml) or its federation's. Once written they are the cooperative's: what it
edited is never written over, it gets a draft beside it at most.
"""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.html import escape
from django.utils.text import slugify
from wagtail.coreutils import find_available_slug
from wagtail.models import Locale, Page
from wagtail.rich_text import RichText

from home import formats
from home.languages import ENGLISH, FRENCH, LANGUAGES, text_of
from home.models import Cooperative, Federation, FederationText, LegalText, TextKey, TextPage, User

#: `{language: {"title": …, "html": …}}`
Words = dict[str, dict[str, str]]

PLACE = re.compile(r"\{(\w+)\}")
#: Wagtail's editor names the paragraphs that it keeps.
EDITOR_MARK = re.compile(r'\s*data-block-key="[^"]*"')
EMPTY_ITEM = re.compile(r"<li>[^<]*</li>")


@cache
def house_words() -> dict[str, Words]:
    """The house's own, by key."""
    found = tomllib.loads((Path(__file__).parent / "legal_texts.toml").read_text())
    return {text["key"]: {code: dict(text[code]) for code in LANGUAGES} for text in found["texts"]}


def words_for(federation: Federation | None) -> dict[str, Words]:
    """What a cooperative of this federation begins with, by key: the house's own where the federation has none."""
    own = {text.key: words_of(text) for text in federation.texts.all()} if federation else {}
    return house_words() | own


def words_of(text: FederationText) -> Words:
    return {
        code: {"title": text_of(text, "title", code), "html": plain(text_of(text, "body", code))} for code in LANGUAGES
    }


def plain(html: str) -> str:
    """The words without what an editor of texts adds to them unasked."""
    return EDITOR_MARK.sub("", html).strip()


def places(cooperative: Cooperative, language: str) -> dict[str, str]:
    """What may stand between braces in a text, and what it becomes."""
    commission = formats.rate(cooperative.commission_basis_points, language)
    if cooperative.commission_fixed:
        commission += " + " + formats.money(cooperative.commission_fixed, cooperative.currency, language)
    return {
        "name": cooperative.name,
        "legal_name": cooperative.legal_name,
        "registration_number": cooperative.registration_number,
        "address": cooperative.address_line,
        "phone": cooperative.phone,
        "contact_email": cooperative.contact_email,
        "privacy_officer": cooperative.privacy_officer,
        "statement_descriptor": cooperative.statement_descriptor,
        "commission": commission,
    }


def unknown_places(html: str) -> set[str]:
    """What stands between braces and would not be filled in."""
    return set(PLACE.findall(html)) - set(places(Cooperative(), FRENCH))


def filled(words: Words, cooperative: Cooperative) -> Words:
    """The words as the cooperative's pages say them. A line of a list whose only place is empty is left out."""
    return {code: _filled(words[code], places(cooperative, code)) for code in LANGUAGES}


def _filled(words: dict[str, str], said: dict[str, str]) -> dict[str, str]:
    title = PLACE.sub(lambda match: said.get(match[1], match[0]), words["title"])
    return {"title": title, "html": plain(_fill(words["html"], said))}


def _fill(html: str, said: dict[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        return escape(said[match[1]]) if match[1] in said else match[0]

    def is_empty(line: str) -> bool:
        found = PLACE.findall(line)
        return bool(found) and not any(said.get(one, one) for one in found)

    kept = EMPTY_ITEM.sub(lambda match: "" if is_empty(match[0]) else match[0], html)
    return PLACE.sub(fill, kept)


# ------------------------------------------------------------------ pages


def page_words(page: TextPage) -> dict[str, str]:
    """Title and text of a page as it is; another kind of block is named, so that the page counts as edited."""
    parts = []
    for block in page.body:
        text = block.value.get("text") if block.block_type == "text" else None
        parts.append(plain(text.source) if isinstance(text, RichText) else f"[{block.block_type}]")
    return {"title": page.title, "html": "".join(parts)}


def pages_of(text: LegalText) -> dict[str, TextPage]:
    """Its page in each language that still has one, as it is online."""
    found = TextPage.objects.filter(translation_key=text.translation_key).select_related("locale", "latest_revision")
    return {page.locale.language_code: page for page in found}


def is_edited(text: LegalText) -> bool:
    """Whether either language says something else than it was given, online or in a draft, or is not online."""
    pages = pages_of(text)
    return any(code not in pages or _says_else(pages[code], text.given[code]) for code in LANGUAGES)


def _says_else(page: TextPage, given: dict[str, str]) -> bool:
    if not page.live or page_words(page) != given:
        return True
    return page.has_unpublished_changes and page_words(page.get_latest_revision_as_object()) != given


@transaction.atomic
def write_all(cooperative: Cooperative, words: dict[str, Words]) -> None:
    """Publish each of these texts that the cooperative does not have yet, in its scope."""
    have = set(LegalText.objects.values_list("key", flat=True))
    for key in TextKey.values:
        if key in words and key not in have:
            _write_new(cooperative, key, words[key])


def _write_new(cooperative: Cooperative, key: str, words: Words) -> None:
    given = filled(words, cooperative)
    home = cooperative.site.root_page
    block = str(uuid4())
    french = home.add_child(instance=_new_page(home, given[FRENCH], block))
    french.save_revision().publish()
    english = french.copy_for_translation(Locale.objects.get(language_code=ENGLISH))
    english.slug = find_available_slug(english.get_parent(), slugify(given[ENGLISH]["title"]), english.pk)
    _put(english, given[ENGLISH], block)
    english.save_revision().publish()
    LegalText.objects.create(
        cooperative=cooperative, key=key, translation_key=french.translation_key, words=words, given=given
    )


def _new_page(home: Page, said: dict[str, str], block: str) -> TextPage:
    page = TextPage(locale=home.locale, live=False, slug=find_available_slug(home, slugify(said["title"])))
    _put(page, said, block)
    return page


def _put(page: TextPage, said: dict[str, str], block: str) -> None:
    page.title = page.draft_title = said["title"]
    page.body = [{"type": "text", "id": block, "value": {"text": said["html"]}}]  # type: ignore[assignment]


@transaction.atomic
def rewrite(text: LegalText, words: Words, *, by: User | None) -> bool:
    """Give a text other words. True if they are public now; False if the page was edited: they wait as its draft."""
    untouched = not is_edited(text)
    given = filled(words, text.cooperative)
    for code, online in _in_order(pages_of(text)):
        page = online.get_latest_revision_as_object()
        _put(page, given[code], _block_of(page))
        revision = page.save_revision(user=by)
        if untouched:
            revision.publish(user=by)
    LegalText.objects.filter(pk=text.pk).update(words=words, given=given)
    return untouched


def _in_order(pages: dict[str, TextPage]) -> Iterator[tuple[str, TextPage]]:
    """French first: its English twin may not be public without it."""
    for code in LANGUAGES:
        if code in pages:
            yield code, pages[code]


def _block_of(page: TextPage) -> str:
    return str(page.body[0].id) if len(page.body) else str(uuid4())


def fill_again(cooperative: Cooperative, *, by: User | None) -> tuple[list[LegalText], list[LegalText]]:
    """After the identity changed: the texts that say it now, and those that were edited and are left as they are."""
    done: list[LegalText] = []
    left: list[LegalText] = []
    for text in LegalText.objects.filter(cooperative=cooperative).select_related("cooperative").order_by("pk"):
        text.cooperative = cooperative
        if filled(text.words, cooperative) == text.given:
            continue
        if is_edited(text):
            left.append(text)
        else:
            rewrite(text, text.words, by=by)
            done.append(text)
    return done, left


def listed(cooperative: Cooperative) -> list[tuple[str, dict[str, Any]]]:
    """Every text below the home page, in the order of its foot: (title, page by language), whoever wrote it."""
    homes = Page.objects.filter(translation_key=cooperative.site.root_page.translation_key)
    groups: dict[UUID, dict[str, Any]] = {}
    for home in homes.order_by("path"):
        for page in TextPage.objects.child_of(home).select_related("locale").order_by("path"):
            groups.setdefault(page.translation_key, {})[page.locale.language_code] = page
    return [(next(iter(pages.values())).title, pages) for pages in groups.values()]
