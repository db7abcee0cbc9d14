"""Updates on public pages."""

from dataclasses import dataclass
from typing import Any

from django import template

from campaigns.models import Campaign, CampaignPage
from home.models import Cooperative
from pledges.templatetags.pledge_tags import offers_of
from updates import feed
from updates.models import DelayNotice, UpdatePage
from updates.next_news import NextNews, missed
from updates.promise_board import Board, board_of

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


@register.simple_tag
def feed_of(campaign: Campaign) -> Feed:
    entries = feed.feed_of(campaign)
    return Feed(entries[:SHOWN], entries[SHOWN:])


@register.simple_tag
def promise_board(page: CampaignPage) -> Board | None:
    """None for a page that has no terms yet. Asks for the tiers that the page shows anyway."""
    campaign = page.campaign
    if campaign is None:
        return None
    return board_of(campaign, offers_of(page, campaign).values())


@register.simple_tag
def missed_news(cooperative: Cooperative, campaign: Campaign | None = None) -> list[NextNews]:
    """News that were promised and have not come; of one campaign, if it is given."""
    found = missed(cooperative)
    return [one for one in found if campaign is None or one.campaign.pk == campaign.pk]


@register.simple_tag
def parts_of(page: UpdatePage) -> list[Part]:
    """The blocks to show, in page order: of a delay notice only what was announced."""
    notices = feed.announced(page.update)
    parts = [Part(block, notices.get(str(block.id))) for block in page.body]
    return [part for part in parts if part.is_shown]


@register.filter
def changes(notice: DelayNotice) -> list[feed.Change]:
    return feed.changes_of(notice)
