"""The feed of a campaign: its published updates, newest first, each in the reader's language if there is one."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from campaigns.models import Campaign, Reward
from home.languages import TAGS, current
from updates.models import DelayNotice, Update, UpdatePage


@dataclass(frozen=True)
class Entry:
    """One update in the feed. `lang` is set where it has no page in the reader's language."""

    update: Update
    page: UpdatePage
    lang: str
    notices: list[DelayNotice] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """One tier that a notice moved: the month it stood at before, then the new one."""

    reward: Reward
    old_month: date
    month: date


def feed_of(campaign: Campaign) -> list[Entry]:
    """In three queries, however many updates there are."""
    updates = list(campaign.updates.order_by("-number"))
    pages = _live_pages(update.translation_key for update in updates)
    notices: dict[int, list[DelayNotice]] = {}
    for notice in DelayNotice.objects.filter(update__in=updates).order_by("id"):
        notices.setdefault(notice.update_id, []).append(notice)
    return [
        Entry(update, page, _foreign(page), notices.get(update.pk, []))
        for update in updates
        if (page := pages.get(update.translation_key))
    ]


def _live_pages(keys: Iterable[UUID]) -> dict[UUID, UpdatePage]:
    live = UpdatePage.objects.live().filter(translation_key__in=list(keys)).select_related("locale").defer("body")
    ours_last = sorted(live, key=lambda page: page.locale.language_code == current())
    return {page.translation_key: page for page in ours_last}


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
    before = _months_before(notice)
    return [
        Change(reward, before.get(reward.pk, reward.estimated_delivery), notice.month)
        for reward in notice.rewards.order_by("position", "id")
    ]


def _months_before(notice: DelayNotice) -> dict[int, date]:
    earlier = DelayNotice.objects.filter(campaign_id=notice.campaign_id, pk__lt=notice.pk).order_by("id")
    return dict(earlier.values_list("rewards", "month"))
