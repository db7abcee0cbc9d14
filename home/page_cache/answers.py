"""From a response to what is kept of it, and from what is kept to a response."""

import gzip
import re
import time
from datetime import datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from home import clock
from home.models import Cooperative
from home.page_cache import pulse, versions
from home.page_cache.keys import Key
from home.page_cache.noting import Notes
from home.page_cache.shelves import LEVEL, LONGEST, Entry

OK = 200
#: For browsers, and for what stands on the way; a reload asks again, and is told that nothing changed.
PUBLIC = "public, max-age=0, s-maxage=1, stale-while-revalidate=1"
#: For the network in front of the site alone (RFC 9213), where one is told what was published.
IN_FRONT = "max-age=60, stale-while-revalidate=60"

#: What no page that is kept may hold, in small letters: a form that is sent by POST, or a token.
TOKEN, FORM = b"csrfmiddlewaretoken", re.compile(rb'<form[^>]*\smethod=["\']?post')
#: Said anew of each answer, or of nobody else's.
TIMING = "Server-Timing"
NOT_KEPT = {"Content-Length", "Content-Encoding", "ETag", "Vary", "Set-Cookie", "Date"}


def may_be_kept(request: HttpRequest, response: HttpResponse) -> bool:
    """Everyone may see it, and it is the same for everyone."""
    if response.status_code != OK or response.cookies or getattr(request, "is_preview", False):
        return False
    said = response.get("Cache-Control", "")
    if "private" in said or "no-store" in said or request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
        return False
    cooperative: Cooperative | None = getattr(request, "cooperative", None)
    if cooperative is not None and cooperative.is_rehearsal:
        return False
    surroundings = getattr(request, "surroundings", None)
    if surroundings is None:
        if request.resolver_match is None or request.resolver_match.url_name == "wagtail_serve":
            return False
    elif surroundings.page.get_view_restrictions().exists():
        return False
    return not _asks_by_post(response.content.lower())


def _asks_by_post(body: bytes) -> bool:
    return TOKEN in body or (b"<form" in body and FORM.search(body) is not None)


def entry_of(
    key: Key, request: HttpRequest, response: HttpResponse, notes: Notes, found: dict[str, str], began: float
) -> Entry:
    """`found`: the versions it was made from; `began`: when it began to be made."""
    cooperative: Cooperative | None = getattr(request, "cooperative", None)
    cooperative_id = cooperative.pk if cooperative else None
    ends = min(moment for moment in (notes.ends, _midnight(cooperative)) if moment is not None)
    body = response.content
    etag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
    return Entry(
        key=key,
        cooperative_id=cooperative_id,
        versions=found,
        facts=notes.facts,
        pulse=pulse.key_of(cooperative_id, notes.facts),
        made=began,
        took=time.time() - began,
        over=began + LONGEST,
        ends=ends.timestamp(),
        etag=etag,
        headers=_headers(key, response, notes) | {"ETag": etag, "Vary": "Accept-Encoding"},
        packed=gzip.compress(body, LEVEL, mtime=0),
        plain=body,
    )


def _headers(key: Key, response: HttpResponse, notes: Notes) -> dict[str, str]:
    kept = {name: value for name, value in response.items() if name not in NOT_KEPT}
    kept.setdefault("Cache-Control", PUBLIC)
    if settings.FRONT_CACHE and not key.query and not notes.facts:
        kept.setdefault("CDN-Cache-Control", IN_FRONT)
    return kept


def versions_of(request: HttpRequest) -> list[str]:
    """What a page of this host depends on: its cooperative's version and everyone's; the platform's, on any."""
    cooperative: Cooperative | None = getattr(request, "cooperative", None)
    return [versions.of(cooperative.pk), versions.ALL] if cooperative else [versions.ANY]


def _midnight(cooperative: Cooperative | None) -> datetime:
    """The next one of the cooperative's calendar: pages say « today », and open what opens on a day."""
    zone = ZoneInfo(cooperative.time_zone if cooperative else settings.TIME_ZONE)
    today = clock.now().astimezone(zone).date()
    return datetime.combine(today + timedelta(days=1), datetime.min.time(), zone)


def answer(request: HttpRequest, entry: Entry, how: str) -> HttpResponse:
    """`how` it was come by, for whoever looks into the network panel of a browser."""
    asked = request.META
    if entry.etag in asked.get("HTTP_IF_NONE_MATCH", ""):
        return HttpResponse(status=304, headers=entry.headers | {TIMING: f'page;desc="{how}"'})
    packed = "gzip" in asked.get("HTTP_ACCEPT_ENCODING", "")
    body = entry.packed if packed else entry.plain
    headers = entry.headers | {TIMING: f'page;desc="{how}"', "Content-Length": str(len(body))}
    if packed:
        headers["Content-Encoding"] = "gzip"
    return HttpResponse(b"" if request.method == "HEAD" else body, headers=headers)
