"""Updates on public pages."""

from dataclasses import dataclass
from typing import Any

from django import template

from campaigns.models import Campaign
from home.languages import current
from pledges.models import Pledge
from updates import feed, progress, reading
from updates.models import DelayNotice, Update, UpdatePage

register = template.Library()

#: How many updates a campaign page shows before the rest is folded away.
SHOWN = 3


@dataclass(frozen=True)
class Part:
    """One block of an update; `notice` is what was announced of a delay notice."""

    block: Any
    notice: DelayNotice | None

    @property
    def is_shown(self) -> bool:
        return self.block.block_type != "delay_notice" or self.notice is not None


@dataclass(frozen=True)
class Feed:
    latest: list[feed.Entry]
    earlier: list[feed.Entry]

    @property
    def count(self) -> int:
        return len(self.latest) + len(self.earlier)


@dataclass(frozen=True)
class OwnEntry:
    """An update as the page of one backer shows it; `url` opens it to them."""

    entry: feed.Entry
    url: str


@register.simple_tag
def feed_of(campaign: Campaign) -> Feed:
    entries = feed.feed_of(campaign)
    return Feed(entries[:SHOWN], entries[SHOWN:])


@register.simple_tag
def news_for(pledge: Pledge) -> list[OwnEntry]:
    """What the backer of a contribution may read of its campaign, newest first."""
    entries = feed.feed_of(pledge.campaign)
    closed = Update.objects.filter(pk__in=[entry.update.pk for entry in entries if not entry.is_open])
    mine = reading.readable(closed.prefetch_related("tiers"), pledge.campaign, pledge.backer)
    return [
        OwnEntry(entry, _own_address(entry, pledge)) for entry in entries if entry.is_open or entry.update.pk in mine
    ]


def _own_address(entry: feed.Entry, pledge: Pledge) -> str:
    if entry.is_open:
        return entry.page.get_url() or ""
    return reading.address_of(entry.update, pledge.backer, current())


@register.simple_tag
def parts_of(page: UpdatePage) -> list[Part]:
    """The blocks to show, in page order: of a delay notice only what was announced."""
    notices = feed.announced(page.update)
    parts = [Part(block, notices.get(str(block.id))) for block in page.body]
    return [part for part in parts if part.is_shown]


@register.filter
def changes(notice: DelayNotice) -> list[feed.Change]:
    return feed.changes_of(notice)


@register.simple_tag
def fulfilment_of(campaign: Campaign | None) -> list[progress.TierProgress]:
    """Where each tier's rewards stand; one query."""
    return progress.progress_of(campaign) if campaign else []
