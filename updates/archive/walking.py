"""From page to page, breadth first: every public page of a site and what it shows, written as files.

Two passes, so that one page at a time is held: the first writes what the site answers and notes where each address
leads; the second, which knows all of it, writes the links of each page anew.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from mimetypes import guess_extension
from pathlib import Path, PurePosixPath
from typing import Any

from django.http.response import HttpResponseBase

from updates.archive import rewriting
from updates.archive.addresses import CLOSED, Extent, file_name, link_between
from updates.archive.visiting import Visitor

REDIRECTS = (301, 302, 303, 307, 308)
HTML, CSS = "text/html", "text/css"
FEEDS = ("application/rss+xml", "application/atom+xml")


class PageFailed(Exception):
    """The site could not show a page of its own: an archive without it would not be whole."""


@dataclass
class Walk:
    """`kinds`: each address that was written, with its content type; `moves`: where those lead that lead elsewhere."""

    visitor: Visitor
    extent: Extent
    folder: Path
    told: Callable[[str], None]
    kinds: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    moves: dict[str, str] = field(default_factory=dict)
    waiting: deque[str] = field(default_factory=deque)
    known: set[str] = field(default_factory=set)

    @property
    def pages(self) -> list[str]:
        return [address for address, kind in self.kinds.items() if kind == HTML]

    def fetch(self) -> None:
        """The first pass."""
        self._await(self.extent.pages)
        while self.waiting:
            address = self.waiting.popleft()
            with self.visitor.ask(address) as response:
                self._keep(address, response)
            self.told(address)

    def _await(self, addresses: Iterable[str]) -> None:
        for address in addresses:
            if address not in self.known:
                self.known.add(address)
                self.waiting.append(address)

    def _keep(self, address: str, response: HttpResponseBase) -> None:
        if response.status_code >= 500:
            raise PageFailed(address)
        if response.status_code in REDIRECTS:
            target = self.extent.address_of(response["Location"], address)
            if target is not None and self._is_wanted(target, is_shown=not self.extent.has_page(address)):
                self.moves[address] = target
                self._await([target])
            return
        kind = response.get("Content-Type", "").split(";")[0]
        if response.status_code != 200 or (kind == HTML) != self.extent.has_page(address):
            return
        self.kinds[address], self.names[address] = kind, _named(address, kind)
        path = self.folder / self.names[address]
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for chunk in _content(response):
                file.write(chunk)
        self._await(self._found_in(address, path))

    def _found_in(self, address: str, path: Path) -> Iterator[str]:
        for link, is_shown in self._links(address, path):
            target = self.extent.address_of(link, address)
            if target is not None and self._is_wanted(target, is_shown=is_shown):
                yield target

    def _links(self, address: str, path: Path) -> Iterable[rewriting.Seen]:
        kind = self.kinds[address]
        if kind == HTML:
            return rewriting.links_of(rewriting.read(path.read_text("utf-8")))
        if kind == CSS:
            return rewriting.links_of_css(path.read_text("utf-8"))
        return rewriting.links_of_feed(path.read_text("utf-8"), self.extent.root) if kind in FEEDS else ()

    def _is_wanted(self, address: str, *, is_shown: bool) -> bool:
        if address.startswith(CLOSED):
            return False
        if self.extent.has_page(address) or self.extent.has_file(address):
            return True
        return is_shown and PurePosixPath(address).suffix != ""

    def relink(self, note: Callable[[str], str]) -> None:
        """The second pass; `note`: what a page says first, from its address."""
        for address, kind in self.kinds.items():
            path = self.folder / self.names[address]
            if kind == HTML:
                soup = rewriting.read(path.read_text("utf-8"))
                rewriting.relink(soup, self._finder(address), self._is_ours(address))
                rewriting.add_note(soup, note(address))
                path.write_text(str(soup), "utf-8")
            elif kind == CSS:
                text = rewriting.relink_css(path.read_text("utf-8"), self._finder(address), self._is_ours(address))
                path.write_text(text, "utf-8")
            elif kind in FEEDS:
                text = rewriting.relink_feed(path.read_text("utf-8"), self.extent.root, self._finder(address))
                path.write_text(text, "utf-8")

    def _is_ours(self, base: str) -> Callable[[str], bool]:
        """Whether a link leads to this host, and not only to another part of the same page."""
        return lambda link: not link.startswith("#") and self.extent.address_of(link, base) is not None

    def _finder(self, base: str) -> rewriting.Find:
        return lambda link: self.link(link, base, self.names[base])

    def link(self, link: str, base: str, here: str) -> str | None:
        """What to write in the file `here` for a link on the page at `base`."""
        address = self.extent.address_of(link, base)
        if address is None:
            return None
        name = "index.html" if address == "/" else self.names.get(self._end_of(address))
        if name is None:
            return None
        _rest, mark, fragment = link.partition("#")
        if name == here and mark:
            return f"#{fragment}"
        return link_between(here, name) + (f"#{fragment}" if mark else "")

    def _end_of(self, address: str) -> str:
        for _step in range(5):
            address = self.moves.get(address, address)
        return address


def _named(address: str, kind: str) -> str:
    """A file says by its name what it is, as a plain web server knows nothing else of it."""
    name = file_name(address)
    return name if PurePosixPath(name).suffix else name + (guess_extension(kind) or "")


def _content(response: HttpResponseBase) -> Iterable[bytes]:
    parts: Any = response
    return parts.streaming_content if response.streaming else [parts.content]
