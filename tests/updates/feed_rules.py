"""What RSS 2.0 (with its profile) and RFC 4287 demand of a feed, and what the W3C's validator warns about.

The validator itself is in no package registry; these are its rules for what our feeds hold.
"""

import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from xml.etree import ElementTree

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
LANGUAGE = "{http://purl.org/dc/elements/1.1/}language"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

RFC822 = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} [+-]\d{4}\Z")
RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})\Z")
URN = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")
ABSOLUTE = re.compile(r"https?://[^\s/]+/\S*\Z")
FORBIDDEN = {"script", "style", "iframe", "object", "embed", "form", "input", "meta", "link", "base"}
VOID = {"br", "hr", "img"}


class Markup(HTMLParser):
    """What is wrong with the HTML within an entry."""

    def __init__(self, html):
        super().__init__()
        self.faults, self.open = [], []
        self.feed(html)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]

    def handle_starttag(self, tag, attrs):
        if tag in FORBIDDEN:
            self.faults.append(f"<{tag}> is not safe in a feed")
        for name, value in attrs:
            if name.startswith("on") or name == "style":
                self.faults.append(f"{name} is not safe in a feed")
            if name in {"href", "src"} and not re.match(r"(https?://|mailto:)", value or ""):
                self.faults.append(f"{name}={value} is not absolute")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")


def faults_of_rss(text):
    root = ElementTree.fromstring(text.encode())
    channel = root.find("channel")
    faults = [] if (root.tag, root.get("version")) == ("rss", "2.0") else ["not RSS 2.0"]
    faults += _once(channel, ["title", "link", "description", "language", "lastBuildDate", f"{ATOM}link"], "channel")
    faults += _matches(
        channel, {"link": ABSOLUTE, "lastBuildDate": RFC822, "language": re.compile(r"[a-z]{2}-[A-Z]{2}\Z")}
    )
    self_link = channel.find(f"{ATOM}link")
    if self_link.get("rel") != "self" or self_link.get("type") not in {None, "application/rss+xml"}:
        faults.append("atom:link is not to itself")
    items = channel.findall("item")
    for item in items:
        faults += _once(item, ["title", "link", "description", "guid", "pubDate", CONTENT, LANGUAGE], "item")
        faults += _matches(item, {"link": ABSOLUTE, "pubDate": RFC822, "guid": URN, f"{ATOM}updated": RFC3339})
        if item.find("guid").get("isPermaLink") != "false":
            faults.append("a guid that is no address says that it is one")
        parsedate_to_datetime(item.findtext("pubDate"))
        faults += Markup(item.findtext(CONTENT)).faults + Markup(item.findtext("description")).faults
    return faults + _unique([item.findtext("guid") for item in items])


def faults_of_atom(text):
    root = ElementTree.fromstring(text.encode())
    faults = [] if root.tag == f"{ATOM}feed" and root.get(XML_LANG) else ["not an Atom feed with its language"]
    faults += _once(root, [f"{ATOM}{name}" for name in ("title", "id", "updated", "subtitle")], "feed")
    faults += _matches(root, {f"{ATOM}id": URN, f"{ATOM}updated": RFC3339})
    faults += [] if root.find(f"{ATOM}author/{ATOM}name") is not None else ["nobody wrote it"]
    links = {link.get("rel"): link.get("href") for link in root.findall(f"{ATOM}link")}
    faults += [] if set(links) == {"self", "alternate"} else [f"links are {sorted(links)}"]
    faults += [f"{href} is not absolute" for href in links.values() if not ABSOLUTE.match(href)]
    entries = root.findall(f"{ATOM}entry")
    for entry in entries:
        names = ["title", "id", "updated", "published", "link", "summary", "content"]
        faults += _once(entry, [f"{ATOM}{name}" for name in names], "entry")
        dated = {f"{ATOM}id": URN, f"{ATOM}updated": RFC3339, f"{ATOM}published": RFC3339}
        faults += _matches(entry, dated)
        content = entry.find(f"{ATOM}content")
        faults += [] if content.get("type") == "html" else ["content is not said to be HTML"]
        faults += [] if ABSOLUTE.match(entry.find(f"{ATOM}link").get("href")) else ["a link is not absolute"]
        faults += Markup(content.text).faults
        written, changed = (datetime.fromisoformat(entry.findtext(f"{ATOM}{one}")) for one in ("published", "updated"))
        faults += [] if written <= changed else ["changed before it was written"]
    newest = max((entry.findtext(f"{ATOM}updated") for entry in entries), default=root.findtext(f"{ATOM}updated"))
    faults += [] if root.findtext(f"{ATOM}updated") == newest else ["the feed is not as new as its newest entry"]
    return faults + _unique([entry.findtext(f"{ATOM}id") for entry in entries])


def _once(element, names, where):
    return [f"{where} has {count} {name}" for name in names if (count := len(element.findall(name))) != 1]


def _matches(element, patterns):
    found = [(name, element.findtext(name)) for name in patterns]
    return [f"{name} is {text}" for name, text in found if not patterns[name].match(text or "")]


def _unique(keys):
    return [] if len(keys) == len(set(keys)) else ["two entries have one id"]
