"""What a reader of an archive would find: every link of every page, and the words in every file."""

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

ROOT = "http://archive.example/some/where/"
LINKS = {"href", "src", "poster", "cite"}


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.tags, self.language = [], set(), set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            if name == "lang" and tag == "html":
                self.language = value
            if name == "id":
                self.ids.add(value)
            elif name in LINKS:
                self.links.append(value)
            elif name == "srcset":
                self.links += [candidate.split()[0] for candidate in value.split(",")]


def files_of(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def pages_of(folder):
    return {path.relative_to(folder).as_posix(): Page(path.read_text()) for path in folder.rglob("*.html")}


def faults_of(folder):
    """Links that lead out of the folder, to no file, or to no such part of a page; tags that an archive has not."""
    pages, faults = pages_of(folder), []
    for name, page in pages.items():
        faults += [f"{name}: <{tag}>" for tag in page.tags & {"form", "script", "iframe", "button", "input"}]
        for link in page.links:
            if link.startswith("http://["):
                continue  # no address at all, as somebody wrote it
            parts = urlsplit(urljoin(ROOT + name, link))
            if parts.scheme in ("mailto", "tel") or parts.netloc != "archive.example":
                continue
            path = unquote(parts.path).removeprefix("/some/where/")
            if path.startswith("/") or parts.query or not (folder / path).is_file():
                faults.append(f"{name}: {link}")
            elif parts.fragment and parts.fragment not in pages[path].ids:
                faults.append(f"{name}: {link} (no such part)")
    return faults


def count_links(folder):
    return sum(len(page.links) for page in pages_of(folder).values())


def with_words(folder, *words):
    """Which files hold any of these words, whatever they are made of."""
    found = []
    for path in files_of(folder):
        content = path.read_bytes().decode("utf-8", "replace").lower()
        found += [f"{path.relative_to(folder)}: {word}" for word in words if word.lower() in content]
    return found


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files_of(Path(folder))}
