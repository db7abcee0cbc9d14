"""How far each page is in each language: up to date, so many passages behind, a draft, missing.

Read in a number of queries that does not depend on the number of pages: what is compared is the stored content of the
latest drafts.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from wagtail.models import Page
from wagtail_localize.models import StringTranslation, Translation

from home.languages import ENGLISH, FRENCH
from home.models import PublicPage
from home.translation.passages import Passage, passages_of


class Standing(Enum):
    """Where a translation stands; the first that applies."""

    MISSING = "missing"
    BEHIND = "behind"
    DRAFT = "draft"
    TO_PUBLISH = "to publish"
    UP_TO_DATE = "up to date"


@dataclass(frozen=True)
class Pair:
    """One translation group: its page in each language, None where there is none."""

    french: Page | None
    english: Page | None
    behind: int

    @cached_property
    def page(self) -> Page:
        """The page that the group is known by: the French one where there is one."""
        page = self.french or self.english
        if page is None:
            raise ValueError("a pair has a page")
        return page

    @property
    def lacking(self) -> str:
        """The language that the standing is about."""
        return ENGLISH if self.french is not None else FRENCH

    @property
    def standing(self) -> Standing:
        if self.french is None or self.english is None:
            return Standing.MISSING
        if self.behind:
            return Standing.BEHIND
        if not self.english.live:
            return Standing.DRAFT
        return Standing.TO_PUBLISH if self._older_online() else Standing.UP_TO_DATE

    def _older_online(self) -> bool:
        """French was changed, or published, after English last went online."""
        if self.french is None or self.english is None:
            return False
        if self.french.has_unpublished_changes or not self.french.last_published_at:
            return self.french.has_unpublished_changes
        return not self.english.last_published_at or self.english.last_published_at < self.french.last_published_at

    @property
    def since(self) -> datetime | None:
        """When English was last published: what changed in French, changed after that. None if it never was."""
        return self.english.last_published_at if self.english is not None else None

    @property
    def needs_work(self) -> bool:
        return self.standing is not Standing.UP_TO_DATE


def pairs_of(pages: "QuerySet[Page]") -> list[Pair]:
    """The translation groups of these pages, in the order of the tree. Pages that are no one's to read are left out."""
    rows = pages.select_related("locale", "latest_revision", "content_type").order_by("path")
    public = [page for page in rows if issubclass(page.specific_class, PublicPage)]
    contents = _contents(public)
    groups: dict[UUID, dict[str, Page]] = defaultdict(dict)
    for page in public:
        groups[page.translation_key][page.locale.language_code] = page
    done, synced = _done(groups), _synced(groups)
    behind = {key: _behind(found, contents, None if key not in synced else done[key]) for key, found in groups.items()}
    return [Pair(found.get(FRENCH), found.get(ENGLISH), behind[key]) for key, found in groups.items()]


def _contents(pages: list[Page]) -> dict[int, dict[str, Any]]:
    """The latest draft of each page, as it is stored; of a page that never had one, what its own row holds."""
    bare = [page.pk for page in pages if page.latest_revision is None]
    rows = Page.objects.filter(pk__in=bare).specific() if bare else []
    stored = {row.pk: row.serializable_data() for row in rows}
    return stored | {page.pk: page.latest_revision.content for page in pages if page.latest_revision is not None}


def _done(groups: Iterable[UUID]) -> dict[UUID, set[Passage]]:
    """What is in English already, by translation group."""
    done: dict[UUID, set[Passage]] = defaultdict(set)
    strings = StringTranslation.objects.filter(
        context__object_id__in=list(groups), locale__language_code=ENGLISH, has_error=False
    )
    for key, path, text in strings.values_list("context__object_id", "context__path", "translation_of__data"):
        done[key].add((path, text))
    return done


def _synced(groups: Iterable[UUID]) -> set[UUID]:
    """The groups whose English page follows the French one; the others are kept by hand."""
    known = Translation.objects.filter(enabled=True, target_locale__language_code=ENGLISH)
    return set(known.filter(source__object_id__in=list(groups)).values_list("source__object_id", flat=True))


def _behind(found: dict[str, Page], contents: dict[int, dict[str, Any]], done: set[Passage] | None) -> int:
    """How many French passages are not in English. `done` is None for an English page kept by hand."""
    if FRENCH not in found or ENGLISH not in found:
        return 0
    french, english = (passages_of(page.specific_class, contents[page.pk]) for page in (found[FRENCH], found[ENGLISH]))
    if done is not None:
        return len([passage for passage in french if passage not in done])
    filled = {path for path, _text in english}
    return len([path for path, _text in french if path not in filled])
