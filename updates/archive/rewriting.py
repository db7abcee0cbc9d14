"""A page, a stylesheet or a feed as it stands in an archive: links from file to file, nothing that asks a server.

`Find` gives the file that an address leads to from the one being written, None where the archive has no such thing.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag

Find = Callable[[str], str | None]
#: A link as it stands, and whether it is what a page shows (else what it leads to).
Seen = tuple[str, bool]

#: What acts, counts or is one visitor's own; and what names the address that the page once had.
GONE = (
    "script",
    "base",
    "iframe",
    ".share",
    ".section--share",
    ".bar-pledge",
    ".on-paper",
    'link[rel="canonical"]',
    'link[rel="modulepreload"]',
    "meta[http-equiv]",
    'meta[property^="og:url"]',
    'meta[property^="og:image"]',
    'meta[name^="twitter:"]',
)
#: Of a form that only filters what is shown: its fields go, the links in it stay.
FIELDS = ("input", "select", "textarea", "button", "label", ".field")
SHOWN = (("img", "src"), ("source", "src"), ("video", "src"), ("video", "poster"), ("audio", "src"), ("track", "src"))
SETS = ("img", "source")
LED_TO = (("a", "href"), ("blockquote", "cite"), ("q", "cite"))
#: What may go with a link that led to something else than words.
WRAPPERS = ("p", "li", "ul", "ol", "nav", "div")
IN_CSS = re.compile(r"""url\(\s*(['"]?)(?!#|data:)([^'")]+)\1\s*\)|@import\s+(['"])([^'"]+)\3""")


def read(html: str) -> BeautifulSoup:
    """The page without what is not for an archive."""
    soup = BeautifulSoup(html, "html.parser")
    for selector in GONE:
        for one in soup.select(selector):
            one.decompose()
    for form in soup.select("form"):
        _take_out(form)
    for tag in soup.select("[data-video], [data-copy]"):
        for name in [name for name in tag.attrs if name.startswith("data-")]:
            del tag[name]
    return soup


def _take_out(form: Tag) -> None:
    if str(form.get("method", "get")).lower() != "get":
        form.decompose()
        return
    for selector in FIELDS:
        for one in form.select(selector):
            one.decompose()
    form.name, form.attrs = "div", {}


def links_of(soup: BeautifulSoup) -> Iterator[Seen]:
    """Every link of a page, in its order."""
    for tag, name in _shown(soup):
        yield str(tag[name]), True
    for tag in soup.select("[srcset]"):
        yield from ((address, True) for address, _width in _candidates(str(tag["srcset"])))
    for tag, name in _leading(soup):
        yield str(tag[name]), False


def _shown(soup: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    for link in soup.select("link[href]"):
        if "alternate" not in (link.get("rel") or []):
            yield link, "href"
    for tag, name in SHOWN:
        yield from ((one, name) for one in soup.select(f"{tag}[{name}]"))


def _leading(soup: BeautifulSoup) -> Iterator[tuple[Tag, str]]:
    yield from ((link, "href") for link in soup.select('link[rel="alternate"][href]'))
    for tag, name in LED_TO:
        yield from ((one, name) for one in soup.select(f"{tag}[{name}]"))


def relink(soup: BeautifulSoup, find: Find, is_ours: Callable[[str], bool]) -> None:
    """Every link of the house to its file. What has none is taken out, or becomes plain words."""
    for tag in soup.select("[srcset]"):
        _relink_set(tag, find, is_ours)
    for tag, name in [*_shown(soup), *_leading(soup)]:
        address = str(tag[name])
        if not is_ours(address):
            continue
        if found := find(address):
            tag[name] = found
        elif tag.name == "a":
            _end(tag)
        elif tag.name in ("blockquote", "q") or name == "poster":
            del tag[name]
        elif tag.name == "img":
            tag.replace_with(str(tag.get("alt", "")))
        else:
            tag.decompose()


def _relink_set(tag: Tag, find: Find, is_ours: Callable[[str], bool]) -> None:
    kept = []
    for address, width in _candidates(str(tag["srcset"])):
        found = find(address) if is_ours(address) else address
        if found:
            kept.append(f"{found} {width}".strip())
    if kept:
        tag["srcset"] = ", ".join(kept)
    else:
        del tag["srcset"]


def _candidates(text: str) -> Iterator[tuple[str, str]]:
    for candidate in text.split(","):
        address, _space, width = candidate.strip().partition(" ")
        if address:
            yield address, width.strip()


def _end(link: Tag) -> None:
    """A link that leads nowhere: a button goes, with what stood there for it alone; in a text the words stay."""
    parent = link.parent
    is_button = "btn" in (link.get("class") or []) or "lang" in (link.get("class") or [])
    alone = parent is not None and parent.name in WRAPPERS and parent.get_text(strip=True) == link.get_text(strip=True)
    if not (is_button or alone) or link.find_parent(class_="prose"):
        link.unwrap()
        return
    call = link.find_parent(class_="call")
    link.decompose()
    if call is not None:
        call.decompose()
        return
    while parent is not None and parent.name in WRAPPERS and _is_empty(parent):
        empty: Tag = parent
        parent = parent.parent
        empty.decompose()


def _is_empty(tag: Tag) -> bool:
    return not tag.get_text(strip=True) and tag.find(["img", "svg", "video"]) is None


def add_note(soup: BeautifulSoup, words: str) -> None:
    """What every page of an archive says first."""
    main = soup.find("main")
    if isinstance(main, Tag):
        is_narrow = "wrap" in (main.get("class") or [])
        note = soup.new_tag("p", attrs={"class": "draft" if is_narrow else "wrap draft", "role": "note"})
        note.string = words
        main.insert(0, note)


def links_of_css(text: str) -> Iterator[Seen]:
    yield from ((match[2] or match[4], True) for match in IN_CSS.finditer(text))


def relink_css(text: str, find: Find, is_ours: Callable[[str], bool]) -> str:
    def replaced(match: re.Match[str]) -> str:
        address = match[2] or match[4]
        found = find(address) if is_ours(address) else None
        return match[0].replace(address, found) if found else match[0]

    return IN_CSS.sub(replaced, text)


def _in_feed(root: str) -> re.Pattern[str]:
    host = re.escape(urlsplit(root).netloc)
    return re.compile(rf"""https?://{host}(/[^\s"'<>&]*)?""")


def links_of_feed(text: str, root: str) -> Iterator[Seen]:
    """Pictures in it are shown where it is read."""
    yield from ((match[0], True) for match in _in_feed(root).finditer(text))


def relink_feed(text: str, root: str, find: Find) -> str:
    """What is not in the archive keeps the address that it had."""
    return _in_feed(root).sub(lambda match: find(match[0]) or match[0], text)
