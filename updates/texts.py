"""The texts of an update as they stand on its live pages, and the languages that lack one.

A text that is word for word that of the source language counts as missing: wagtail-localize publishes what is not
translated yet in the source language.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

from campaigns.models import Reward
from home.languages import FRENCH, LANGUAGES
from updates.models import DelayNotice, Update, UpdatePage


@dataclass(frozen=True)
class NoticeText:
    """A delay notice as written, not announced: tiers and dates of the source page, texts of each language."""

    block_id: UUID
    tiers: tuple[UUID, ...]
    month: date
    next_news_on: date
    pledged_before: date | None = None
    reason: dict[str, str] = field(default_factory=dict)
    next_steps: dict[str, str] = field(default_factory=dict)

    @property
    def languages(self) -> set[str]:
        return {language for language in LANGUAGES if self.reason.get(language) and self.next_steps.get(language)}

    def as_row(self, update: Update) -> DelayNotice:
        """The record it becomes once announced; not saved."""
        whole = self.languages
        texts = {
            f"{name}_{language}": texts[language] if language in whole else ""
            for name, texts in (("reason", self.reason), ("next_steps", self.next_steps))
            for language in whole
        }
        return DelayNotice(
            cooperative_id=update.cooperative_id,
            campaign=update.campaign,
            update=update,
            block_id=self.block_id,
            month=self.month,
            pledged_before=self.pledged_before,
            next_news_on=self.next_news_on,
            **texts,
        )


@dataclass(frozen=True)
class UpdateTexts:
    """Live pages by language, and what they say."""

    update: Update
    pages: dict[str, UpdatePage]

    @cached_property
    def source(self) -> UpdatePage | None:
        """The page whose dates and tiers count: that of the campaign's source language, if it is live."""
        language = self.update.campaign.source_locale.language_code
        return self.pages.get(language) or next(iter(self.pages.values()), None)

    @cached_property
    def notices(self) -> list[NoticeText]:
        return [self._notice(block) for block in self.source.delay_blocks] if self.source else []

    @cached_property
    def rewards(self) -> dict[UUID, Reward]:
        """The campaign's tiers by block id."""
        return {reward.block_id: reward for reward in self.update.campaign.rewards.all()}

    def page_for(self, language: str) -> UpdatePage | None:
        """The page a reader of that language gets: their own, else the other one."""
        return self.pages.get(language) if language not in self.missing_for_news else self.source

    @cached_property
    def missing_for_news(self) -> list[str]:
        return [language for language in LANGUAGES if not self._has_news(language)]

    @cached_property
    def missing_for_notices(self) -> list[str]:
        return [
            language
            for language in LANGUAGES
            if language not in self.pages or any(language not in notice.languages for notice in self.notices)
        ]

    def _has_news(self, language: str) -> bool:
        page, source = self.pages.get(language), self.source
        if page is None or source is None or page == source:
            return page is not None
        return page.summary.strip() != source.summary.strip()

    def _notice(self, block: Any) -> NoticeText:
        value = block.value
        return NoticeText(
            block_id=UUID(str(block.id)),
            tiers=tuple(UUID(tier) for tier in value["rewards"]),
            month=value["month"],
            next_news_on=value["next_news_on"],
            pledged_before=value.get("pledged_before"),
            reason=self._translations(block, "reason"),
            next_steps=self._translations(block, "next_steps"),
        )

    def _translations(self, block: Any, name: str) -> dict[str, str]:
        original = block.value[name].strip()
        texts = {}
        for language, page in self.pages.items():
            same = next((other for other in page.delay_blocks if str(other.id) == str(block.id)), None)
            text = same.value[name].strip() if same else ""
            if text and (page == self.source or text != original):
                texts[language] = text
        return texts


def texts_of(update: Update) -> UpdateTexts:
    """Read the live pages; a page that only mirrors another language's is no text of its own."""
    pages = (
        UpdatePage.objects.live()
        .filter(translation_key=update.translation_key, alias_of=None)
        .select_related("locale")
        .order_by("locale__language_code")
    )
    by_language = {page.locale.language_code: page for page in pages}
    return UpdateTexts(update, {language: by_language[language] for language in LANGUAGES if language in by_language})


def lacks_french(missing: list[str], update: Update) -> bool:
    """No way around: nothing leaves before its French text where the cooperative says French first."""
    return FRENCH in missing and update.cooperative.french_first
