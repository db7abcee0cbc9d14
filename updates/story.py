"""The body of an update as a mail or a feed shows it: each part as HTML and as text, with the same facts in both.

One template a block in `templates/emails/updates/parts/<block>.{html,txt}`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from html.parser import HTMLParser
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from wagtail.rich_text import expand_db_html

from updates import progress
from updates.models import DelayNotice, Update, UpdatePage

#: Beyond this much HTML the mail ends, and the rest is read online: some readers cut a mail off at 102 KB.
LONGEST = 30_000
PHOTO = "max-1040x1040|format-jpeg"
ROOTED = re.compile(r'\b(href|src)="/(?!/)')
MARKS = {"p": "\n\n", "h2": "\n\n", "h3": "\n\n", "ul": "\n\n", "ol": "\n\n", "li": "\n- ", "br": "\n", "hr": "\n\n"}
PARTS = "emails/updates/parts"


@dataclass(frozen=True)
class NoticeLine:
    """An announced date as it stands in the news of those it does not concern."""

    reward: Any
    month: date


@dataclass(frozen=True)
class Photo:
    url: str
    alt: str
    caption: str


@dataclass(frozen=True)
class Part:
    """One block of the kind that names its templates; each kind fills what it shows."""

    kind: str
    heading: str = ""
    html: SafeString = field(default_factory=lambda: SafeString(""))
    text: str = ""
    photos: list[Photo] = field(default_factory=list)
    notice: DelayNotice | None = None
    lines: list[NoticeLine] = field(default_factory=list)
    day: date | None = None
    is_done: bool = False
    time: tuple[int, int] = (0, 0)
    tiers: list[progress.TierProgress] = field(default_factory=list)

    @property
    def html_template(self) -> str:
        return f"{PARTS}/{self.kind}.html"

    @property
    def text_template(self) -> str:
        return f"{PARTS}/{self.kind}.txt"


@dataclass(frozen=True)
class Story:
    """`goes_on`: the mail holds the beginning, and the rest is online."""

    parts: list[Part]
    goes_on: bool = False


@dataclass(frozen=True)
class Telling:
    """What the parts of one update need besides their blocks."""

    update: Update
    root_url: str
    announced: dict[UUID, DelayNotice]


def story_of(page: UpdatePage, update: Update, root_url: str, longest: int = LONGEST) -> Story:
    """The parts of a page, addresses made absolute. A delay notice shows only once it is announced."""
    notices = update.delay_notices.prefetch_related("rewards") if page.delay_blocks else []
    telling = Telling(update, root_url, {notice.block_id: notice for notice in notices})
    parts: list[Part] = []
    size = 0
    for block in page.body:
        tell = TELLERS.get(block.block_type)
        part = tell(block, telling) if tell else None
        size += len(part.html) if part else 0
        if size > longest:
            return Story(parts, goes_on=True)
        parts += [part] if part else []
    return Story(parts)


def _text(block: Any, telling: Telling) -> Part:
    html = _rich(block.value["text"], telling)
    return Part("text", html=html, text=as_text(html))


def _thanks(block: Any, telling: Telling) -> Part:
    html = _rich(block.value["text"], telling)
    return Part("thanks", heading=block.value["heading"] or _("Thank you"), html=html, text=as_text(html))


def _photo(block: Any, telling: Telling) -> Part | None:
    photos = _photos([block.value], telling)
    return Part("photos", photos=photos) if photos else None


def _gallery(block: Any, telling: Telling) -> Part | None:
    photos = _photos(block.value["pictures"], telling)
    return Part("photos", heading=block.value["heading"] or _("In pictures"), photos=photos) if photos else None


def _video(block: Any, telling: Telling) -> Part:
    """Watched on the page of the update: a mail plays nothing, and its reader asks no one else."""
    poster = block.value["poster"]
    return Part(
        "video",
        heading=block.value["title"],
        time=block.value.minutes_and_seconds,
        photos=[Photo(_address(poster, telling), "", "")] if poster else [],
    )


def _milestone(block: Any, telling: Telling) -> Part:
    value = block.value
    return Part("milestone", heading=value["title"], day=value["date"], is_done=value["state"] == "done")


def _fulfilment(block: Any, telling: Telling) -> Part:
    tiers = progress.progress_of(telling.update.campaign)
    return Part("fulfilment", heading=block.value["heading"] or _("Where the rewards stand"), tiers=tiers)


def _delay_notice(block: Any, telling: Telling) -> Part | None:
    notice = telling.announced.get(UUID(str(block.id)))
    if notice is None:
        return None
    lines = [NoticeLine(reward, notice.month) for reward in notice.rewards.all()]
    return Part("delay_notice", notice=notice, lines=lines)


TELLERS: dict[str, Callable[[Any, Telling], Part | None]] = {
    "text": _text,
    "thanks": _thanks,
    "photo": _photo,
    "gallery": _gallery,
    "video": _video,
    "milestone": _milestone,
    "fulfilment": _fulfilment,
    "delay_notice": _delay_notice,
}


def _rich(value: Any, telling: Telling) -> SafeString:
    return absolute(expand_db_html(value.source), telling.root_url)


def _photos(values: Iterable[Any], telling: Telling) -> list[Photo]:
    return [
        Photo(
            url=_address(image, telling),
            alt="" if image.decorative else image.contextual_alt_text or "",
            caption=value["caption"],
        )
        for value in values
        if (image := value["image"]) is not None
    ]


def _address(image: Any, telling: Telling) -> str:
    url: str = image.get_rendition(PHOTO).url
    return telling.root_url + url if url.startswith("/") else url


def absolute(html: str, root_url: str) -> SafeString:
    """Rich text as the editor's features allow it, its own addresses made whole for a mail."""
    return mark_safe(ROOTED.sub(rf'\1="{root_url}/', html))  # noqa: S308 (Wagtail's own rich text, already cleaned)  # nosec B308


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
