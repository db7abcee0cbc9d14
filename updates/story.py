"""The body of an update as a mail shows it: each part as HTML and as text, with the same facts in both."""

import re
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe
from wagtail.rich_text import expand_db_html

from updates.models import DelayNotice, Update, UpdatePage

#: Beyond this much HTML the mail ends, and the rest is read online: some readers cut a mail off at 102 KB.
LONGEST = 30_000
PHOTO = "max-1040x1040|format-jpeg"
ROOTED = re.compile(r'\b(href|src)="/(?!/)')
MARKS = {"p": "\n\n", "h2": "\n\n", "h3": "\n\n", "ul": "\n\n", "ol": "\n\n", "li": "\n- ", "br": "\n", "hr": "\n\n"}


@dataclass(frozen=True)
class NoticeLine:
    """An announced date as it stands in the news of those it does not concern."""

    reward: Any
    month: date


@dataclass(frozen=True)
class Part:
    """One block: paragraphs, or a photo, or an announced notice."""

    html: SafeString = field(default_factory=lambda: SafeString(""))
    text: str = ""
    photo_url: str = ""
    photo_alt: str = ""
    caption: str = ""
    notice: DelayNotice | None = None
    lines: list[NoticeLine] = field(default_factory=list)


@dataclass(frozen=True)
class Story:
    """`goes_on`: the mail holds the beginning, and the rest is online."""

    parts: list[Part]
    goes_on: bool = False


def story_of(page: UpdatePage, update: Update, root_url: str) -> Story:
    """The parts of a page, addresses made absolute. A delay notice shows only once it is announced."""
    announced = {notice.block_id: notice for notice in update.delay_notices.prefetch_related("rewards")}
    parts: list[Part] = []
    size = 0
    for block in page.body:
        part = _part(block, announced, root_url)
        size += len(part.html) if part else 0
        if size > LONGEST:
            return Story(parts, goes_on=True)
        parts += [part] if part else []
    return Story(parts)


def _part(block: Any, announced: dict[Any, DelayNotice], root_url: str) -> Part | None:
    if block.block_type == "text":
        html = absolute(expand_db_html(block.value["text"].source), root_url)
        return Part(html=html, text=as_text(html))
    if block.block_type == "photo":
        return _photo(block.value, root_url)
    notice = announced.get(UUID(str(block.id))) if block.block_type == "delay_notice" else None
    if notice is None:
        return None
    return Part(notice=notice, lines=[NoticeLine(reward, notice.month) for reward in notice.rewards.all()])


def _photo(value: Any, root_url: str) -> Part | None:
    image = value["image"]
    if image is None:
        return None
    url = image.get_rendition(PHOTO).url
    return Part(
        photo_url=root_url + url if url.startswith("/") else url,
        photo_alt="" if image.decorative else image.contextual_alt_text or "",
        caption=value["caption"],
    )


def absolute(html: str, root_url: str) -> SafeString:
    """Rich text as the editor's features allow it, its own addresses made whole for a mail."""
    return mark_safe(ROOTED.sub(rf'\1="{root_url}/', html))  # noqa: S308 (Wagtail's own rich text, already cleaned)


class _Text(HTMLParser):
    """Paragraphs apart, items with a dash, and the address after each link."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.said.append(MARKS.get(tag, ""))
        if tag == "a":
            self.href = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.href:
            self.said.append(f" ({self.href})")
            self.href = ""

    def handle_data(self, data: str) -> None:
        self.said.append(data)


def as_text(html: str) -> str:
    parser = _Text()
    parser.feed(html)
    parser.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(parser.said)).strip()
