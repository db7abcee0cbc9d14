"""The feed of a campaign: its published updates, newest first, each in the reader's language if there is one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from wagtail.models import Locale

from campaigns.models import Campaign, Reward
from home.joined import Joined
from home.languages import TAGS, current
from home.ready_queries import Ready, padded, row_of
from updates.models import DelayNotice, Update, UpdatePage

#: Of a page whose body is not shown: what the feed says of it, and what its address is made from.
SHOWN = ("id", "page_ptr_id", "locale_id", "title", "summary", "url_path", "translation_key")


@dataclass(frozen=True)
class Entry:
    """One update in the feed. `lang` is set where it has no page in the reader's language.

    One that is not for everyone (`is_open`) shows its title alone; `summary` is empty.
    """

    update: Update
    page: UpdatePage
    lang: str
    is_open: bool
    summary: str
    new_months: list[date] = field(default_factory=list)

    @property
    def number(self) -> int:
        return self.update.number

    @property
    def published_at(self) -> datetime:
        return self.update.published_at


@dataclass(frozen=True)
class Change:
    """One tier that a notice moved: the month it stood at before, then the new one."""

    reward: Reward
    old_month: date
    month: date


def feed_of(campaign: Campaign, *, whole: bool = False, updates: Iterable[Update] | None = None) -> list[Entry]:
    """In two queries, however many updates there are; `whole`: with the bodies of their pages.

    `updates`: all of the campaign's, where they were read already with `campaign` and `cooperative`.
    """
    known = _updates_of(campaign) if updates is None else updates
    return [_entry(page, update) for page, update in _live_pages(known, whole)]


def _updates_of(campaign: Campaign) -> list[Update]:
    found = list(Update.objects.filter(campaign=campaign))
    for update in found:
        update.campaign, update.cooperative = campaign, campaign.cooperative
    return found


def _entry(page: Any, update: Update) -> Entry:
    is_open = update.is_open
    summary = page.summary if is_open else ""
    return Entry(update, page, _foreign(page), is_open, summary, _months(page.new_months))


def _months(text: str | None) -> list[date]:
    return sorted({date.fromisoformat(month) for month in text.split(",")}) if text else []


def _live_pages(known: Iterable[Update], whole: bool) -> list[tuple[Any, Update]]:
    """Newest first: the page in the reader's language if there is one, with its new months, and its update."""
    updates = {update.translation_key: update for update in known}
    pages = [] if not updates else _WHOLE(*padded(updates), shape=(current(),)) if whole else _shown(*updates)
    found = {page.translation_key: page for page in pages}
    both = [(page, updates[key]) for key, page in found.items()]
    return sorted(both, key=lambda pair: -pair[1].number)


def _shown(*keys: UUID) -> list[Any]:
    """As the feed shows them, without the body."""
    locales: dict[str, Locale] = {}
    pages = []
    for code, months, *values in _PARTS(*padded(keys), shape=(current(),)):
        page: Any = row_of(UpdatePage, SHOWN, values)
        page.new_months = months
        page.locale = locales.setdefault(code, Locale(pk=page.locale_id, language_code=code))
        pages.append(page)
    return pages


def _build_parts(*keys_and_language: Any) -> QuerySet[UpdatePage, Any]:
    return _build_pages(*keys_and_language).values_list("locale__language_code", "new_months", *SHOWN)


def _build_pages(*keys_and_language: Any) -> QuerySet[UpdatePage]:
    *keys, language = keys_and_language
    ours = Q(locale__language_code=language)
    in_ours = UpdatePage.objects.live().filter(ours, translation_key=OuterRef("translation_key"))
    notices = DelayNotice.objects.filter(update__translation_key=OuterRef("translation_key")).order_by()
    months = notices.values("update").annotate(months=Joined("month")).values("months")
    live = UpdatePage.objects.live().filter(ours | ~Exists(in_ours), translation_key__in=keys)
    return live.annotate(new_months=Subquery(months)).select_related("locale").order_by("pk")


_WHOLE, _PARTS = (Ready(build, prepared=True) for build in (_build_pages, _build_parts))


def _foreign(page: UpdatePage) -> str:
    code = page.locale.language_code
    return "" if code == current() else TAGS[code]


def announced(update: Update | None) -> dict[str, DelayNotice]:
    """The announced notices of an update by the id of their block; a notice only published is none."""
    if update is None:
        return {}
    return {str(notice.block_id): notice for notice in update.delay_notices.all()}


def changes_of(notice: DelayNotice) -> list[Change]:
    """What the notice changed, tier by tier, in page order."""
    before = months_before(notice, _earlier(notice))
    return [
        Change(reward, before.get(reward.pk, reward.estimated_delivery), notice.month)
        for reward in notice.rewards.order_by("position", "id")
    ]


def _earlier(notice: DelayNotice) -> list[tuple[date | None, int, date]]:
    rows = DelayNotice.objects.filter(campaign_id=notice.campaign_id, pk__lt=notice.pk).order_by("id")
    return list(rows.values_list("pledged_before", "rewards", "month"))


def months_before(notice: DelayNotice, earlier: Iterable[tuple[date | None, int, date]]) -> dict[int, date]:
    """By tier, the month at which all those it concerns stood, from (pledged before, tier, month) of earlier notices.

    One that moved only some of them is no month of all.
    """
    limit = notice.pledged_before
    return {
        reward: month for before, reward, month in earlier if before is None or (limit is not None and before >= limit)
    }
