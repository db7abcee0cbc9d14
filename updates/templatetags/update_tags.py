"""Updates on public pages."""

from dataclasses import dataclass
from typing import Any, Literal

from django import template

from campaigns.models import Campaign, CampaignPage
from home.languages import current
from home.models import Cooperative
from home.page_cache import noting
from pledges.models import Pledge
from pledges.templatetags.pledge_tags import offers_of
from updates import feed, progress, questions, reading
from updates.models import Correction, DelayNotice, ReaderQuestion, Update, UpdatePage
from updates.next_news import NextNews, missed, of_campaign
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


@dataclass(frozen=True)
class OwnEntry:
    """An update as the page of one backer shows it; `url` opens it to them."""

    entry: feed.Entry
    url: str


@register.simple_tag
def feed_of(campaign: Campaign, board: Board) -> Feed:
    """`board`: the campaign's, which has read its updates."""
    entries = feed.feed_of(campaign, updates=board.updates)
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
def next_news_of(campaign: Campaign) -> NextNews | None:
    return of_campaign(campaign)


@register.simple_tag
def parts_of(page: UpdatePage) -> list[Part]:
    """The blocks to show, in page order: of a delay notice only what was announced."""
    notices = feed.announced(page.update)
    parts = [Part(block, notices.get(str(block.id))) for block in page.body]
    return [part for part in parts if part.is_shown]


@register.simple_tag
def corrections_of(page: UpdatePage) -> list[Correction]:
    """What was corrected in this language since the update was sent, oldest first."""
    if page.update is None or not page.update.is_corrected:  # type: ignore[attr-defined]
        return []
    return list(page.update.corrections.filter(language=page.locale.language_code))


@register.simple_tag
def questions_under(page: UpdatePage) -> list[ReaderQuestion]:
    """Questions whose answer the team shows, in the language of the page."""
    if page.update is None or not page.update.shows_questions:  # type: ignore[attr-defined]
        return []
    return questions.shown_under(page.update, page.locale.language_code)


@register.filter
def changes(notice: DelayNotice) -> list[feed.Change]:
    return feed.changes_of(notice)


@register.simple_tag
def fulfilment_of(campaign: Campaign | Literal[""] | None) -> list[progress.TierProgress]:
    """Where each tier's rewards stand; one query. A preview has no campaign, which a template says by an empty text."""
    if not campaign:
        return []
    found = progress.progress_of(campaign)
    noting.shows((progress.KIND, campaign.pk), found)
    return found
