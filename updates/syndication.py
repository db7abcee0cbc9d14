"""The updates of a campaign as RSS 2.0 and Atom, in one language: each update for everyone, and each delay announced.

An entry keeps its id for ever; an update that was corrected is newer, not another one.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from django.db.models import Max
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed, rfc3339_date
from django.utils.html import escape
from django.utils.translation import gettext as _

from campaigns.models import Campaign, CampaignPage
from home import formats
from home.languages import TAGS, current
from updates import feed
from updates.feed import Change
from updates.models import Correction, DelayNotice
from updates.story import story_of

#: How many entries a feed holds, newest first.
MOST = 30
#: How much of an update a feed holds before the rest is read online.
LONGEST = 100_000
#: What XML cannot hold, and an editor's paste sometimes does.
UNWRITABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
TITLE = re.compile(r"<title>[^<]*</title>")

CONTENT = "http://purl.org/rss/1.0/modules/content/"
DUBLIN_CORE = "http://purl.org/dc/elements/1.1/"


@dataclass(frozen=True)
class Item:
    """One entry; `language` as a tag, `content` is HTML with absolute addresses, `summary` plain text."""

    key: UUID
    title: str
    url: str
    summary: str
    content: str
    language: str
    published_at: datetime
    updated_at: datetime


class Steady(SyndicationFeed):
    """A feed without entries is as old as its campaign, not as new as each request."""

    def latest_post_date(self) -> datetime:
        if self.items:
            return super().latest_post_date()
        since: datetime = self.feed["since"]
        return since


class Rss(Steady, Rss201rev2Feed):
    """With the whole text, and what RSS alone cannot say: when an entry changed, and its language."""

    def writeString(self, encoding: str) -> str:
        """Titles are plain text, which readers of RSS only know by these references."""
        return TITLE.sub(
            lambda title: title[0].replace("&amp;", "&#x26;").replace("&lt;", "&#x3C;"), super().writeString(encoding)
        )

    def rss_attributes(self) -> dict[str, str]:
        return super().rss_attributes() | {"xmlns:content": CONTENT, "xmlns:dc": DUBLIN_CORE}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content:encoded", item["content"])
        handler.addQuickElement("dc:language", item["language"])
        handler.addQuickElement("atom:updated", rfc3339_date(item["updateddate"]))


class Atom(Steady, Atom1Feed):
    """With the whole text; each entry says its own language, which may not be that of the feed."""

    def item_attributes(self, item: dict[str, Any]) -> dict[str, str]:
        return {"xml:lang": item["language"]}

    def add_item_elements(self, handler: Any, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item)
        handler.addQuickElement("content", item["content"], {"type": "html"})


KINDS: dict[str, type[Rss] | type[Atom]] = {"rss": Rss, "atom": Atom}


def written(campaign: Campaign, page: CampaignPage, kind: str) -> tuple[str, str]:
    """The feed in the language that is active, and its content type."""
    items = items_of(campaign, page)
    root, language = campaign.cooperative.root_url, current()
    words = {"campaign": page.title, "cooperative": campaign.cooperative.name}
    document = KINDS[kind](
        title=_clean(_("Updates: “%(campaign)s”") % words),
        link=page.full_url or root,
        description=_clean(_("Updates of the campaign “%(campaign)s”, by %(cooperative)s") % words),
        subtitle=_clean(_("Updates of the campaign “%(campaign)s”, by %(cooperative)s") % words),
        language=TAGS[language],
        author_name=campaign.cooperative.name,
        feed_url=root + reverse(f"updates_{kind}", args=[campaign.pk]),
        since=campaign.launched_at or page.first_published_at,
        feed_guid=uuid5(campaign.translation_key, f"feed:{language}").urn,
    )
    for item in items:
        document.add_item(
            title=item.title,
            link=item.url,
            description=escape(item.summary),
            pubdate=item.published_at,
            updateddate=item.updated_at,
            unique_id=item.key.urn,
            unique_id_is_permalink=False,
            content=item.content,
            language=item.language,
        )
    return document.writeString("utf-8"), document.content_type


def items_of(campaign: Campaign, page: CampaignPage) -> list[Item]:
    """Newest first. Of an update that is not for everyone nothing, of the delay in it the months alone."""
    entries = feed.feed_of(campaign, whole=True)
    urls = {entry.update.pk: entry.page.full_url or "" for entry in entries if entry.is_open}
    items = [*_updates(campaign, entries), *_delays(campaign, page, urls)]
    newest = sorted(items, key=lambda item: item.published_at, reverse=True)
    return [_cleaned(item) for item in newest[:MOST]]


def _updates(campaign: Campaign, entries: list[feed.Entry]) -> Iterator[Item]:
    corrections = Correction.objects.filter(update__campaign=campaign, language=current()).order_by()
    corrected = dict(corrections.values_list("update").annotate(last=Max("made_at")))
    for entry in [entry for entry in entries if entry.is_open][:MOST]:
        url, update = entry.page.full_url or "", entry.update
        story = story_of(entry.page, update, campaign.cooperative.root_url, LONGEST)
        context = {"entry": entry, "story": story, "button_url": url}
        yield Item(
            key=uuid5(update.translation_key, current()),
            title=_("Update %(number)s: %(title)s") % {"number": update.number, "title": entry.page.title},
            url=url,
            summary=entry.summary,
            content=render_to_string("updates/feeds/update.html", context),
            language=TAGS[entry.page.locale.language_code],
            published_at=update.published_at,
            updated_at=max(update.published_at, corrected.get(update.pk, update.published_at)),
        )


def _delays(campaign: Campaign, page: CampaignPage, urls: dict[int, str]) -> Iterator[Item]:
    for notice, changes in notices_of(campaign):
        url = urls.get(notice.update_id)
        context = {"notice": notice, "changes": changes, "is_open": url is not None}
        yield Item(
            key=uuid5(notice.block_id, f"notice:{notice.pk}:{current()}"),
            title=_title_of(changes),
            url=f"{url}#t-{notice.block_id}" if url else f"{page.full_url}#updates",
            summary=_title_of(changes),
            content=render_to_string("updates/feeds/delay.html", context),
            language=TAGS[current()],
            published_at=notice.announced_at,
            updated_at=notice.announced_at,
        )


def notices_of(campaign: Campaign) -> list[tuple[DelayNotice, list[Change]]]:
    """Every announced notice in the order they were announced, with each tier's month before and after. Two queries."""
    earlier: list[tuple[date | None, int, date]] = []
    found = []
    for notice in DelayNotice.objects.filter(campaign=campaign).prefetch_related("rewards").order_by("id"):
        rewards = sorted(notice.rewards.all(), key=lambda reward: (reward.position, reward.pk))
        before = feed.months_before(notice, earlier)
        changes = [Change(reward, before.get(reward.pk, reward.estimated_delivery), notice.month) for reward in rewards]
        earlier += [(notice.pledged_before, reward.pk, notice.month) for reward in rewards]
        found.append((notice, changes))
    return found


def _title_of(changes: list[Change]) -> str:
    month = formats.month(changes[0].month) if changes else ""
    if len(changes) != 1:
        words = _("New date: %(month)s for %(n)s rewards")
        return words % {"month": month, "n": formats.number(len(changes))}
    if changes[0].month < changes[0].old_month:
        words = _("Sooner than expected: %(month)s for “%(reward)s”")
    else:
        words = _("New date: %(month)s for “%(reward)s”")
    return words % {"month": month, "reward": changes[0].reward.title}


def _cleaned(item: Item) -> Item:
    return replace(item, title=_clean(item.title), summary=_clean(item.summary), content=_clean(item.content))


def _clean(text: str) -> str:
    return UNWRITABLE.sub("", text)
