"""What a kept page is known by: scheme, host, path (which says the language) and the query strings that pages read."""

from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import translation

from home.hosts.wayfinding import host_of
from home.languages import LANGUAGES
from home.page_cache.noting import digest
from home.referral import via_of

#: What public pages read of their query string, by view; they see nothing else of it, so that it changes nothing.
SEARCH = ("q", "place", "theme", "model", "show", "page")
READ_BY = {
    "wagtail_serve": (),
    "campaign_index": SEARCH,
    "discovery": SEARCH,
    "campaign_reward": (),
    "campaign_figures": (),
    "campaign_widget": (),
    "updates_atom": (),
    "updates_rss": (),
    "wall": ("after",),
}
KNOWN = sorted({name for names in READ_BY.values() for name in names})
#: A longer value is no one's bookmark; it is answered, and not kept.
LONGEST = 100

PREFIXES = tuple(f"/{language}/" for language in LANGUAGES)
SAFE = {"GET", "HEAD"}


class Key(NamedTuple):
    """The host is as the browser wrote it, port and all: pages may repeat it."""

    is_secure: bool
    host: str
    path: str
    query: str

    @property
    def name(self) -> str:
        """In the shared store."""
        return f"page:{digest(tuple(self))}"


@dataclass(frozen=True)
class Personal:
    """What makes a request someone's own: cookies of sessions and of messages, and credentials."""

    cookies: tuple[str, ...]

    @classmethod
    def of_settings(cls) -> "Personal":
        return cls((f"{settings.SESSION_COOKIE_NAME}=", "messages="))

    def holds(self, request: HttpRequest) -> bool:
        sent = request.META.get("HTTP_COOKIE", "")
        return "HTTP_AUTHORIZATION" in request.META or any(name in sent for name in self.cookies)


def key_of(request: HttpRequest) -> Key | None:
    """None for what is never kept: what is not read, has no language, or was written in a way that browsers do not.

    A preview comes this way too (Wagtail's `is_dummy`), with the address of the page that it previews.
    """
    if getattr(request, "is_dummy", False):
        return None
    if request.method not in SAFE or not request.path_info.startswith(PREFIXES):
        return None
    query = _query(request) if request.META.get("QUERY_STRING") else ""
    if query is None:
        return None
    host = request.META.get("HTTP_HOST") or request.META["SERVER_NAME"]
    return Key(request.is_secure(), host.lower(), request.path_info, query)


def _query(request: HttpRequest) -> str | None:
    asked = [(name, request.GET.get(name, "")) for name in KNOWN]
    asked.append(("via", via_of(request)))
    said = [(name, value) for name, value in asked if value]
    return None if any(len(value) > LONGEST for _name, value in said) else urlencode(said)


def is_kept(request: HttpRequest) -> bool:
    """Whether what answers here is among the views whose pages are kept. Asked before a page is made."""
    is_platform = bool(settings.PLATFORM_HOST) and host_of(request) == settings.PLATFORM_HOST.lower()
    urlconf = settings.PLATFORM_URLCONF if is_platform else None
    with translation.override(request.path_info.split("/")[1]):
        try:
            return resolve(request.path_info, urlconf).url_name in READ_BY
        except Resolver404:
            return False
