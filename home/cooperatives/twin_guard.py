"""What every request to a rehearsal passes: it is open to its people alone, and no search engine keeps any of it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotFound
from django.template.loader import render_to_string

from home.admin_access import roles_in
from home.middleware import GetResponse

#: Where people log in; what is behind asks by itself who they are.
ADMIN = "/admin/"

NOT_FOUND = 404

#: What a page needs that was opened by a signed link, and what tells search engines to stay away.
OPEN_TO_ALL = {
    "brand_stylesheet",
    "brand_of_host",
    "brand_icon",
    "brand_drawing",
    "favicon",
    "robots",
    "javascript-catalog",
}


class TwinMiddleware:
    """At the host of a rehearsal, whoever is none of its people is told what is told of a host without a site.

    Except with a signed link out of a mail: it was sent to nobody but the one who rehearses, and its view reads it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if _is_rehearsal(request):
            if response.status_code == NOT_FOUND and not request.path.startswith(ADMIN) and not roles_in(request):
                response = _nothing_here()
            response.headers["X-Robots-Tag"] = "noindex, nofollow"
            response.headers["Cache-Control"] = "private, no-store"
        return response

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        if not _is_rehearsal(request) or request.path.startswith(ADMIN):
            return None
        match = request.resolver_match
        name = match.url_name if match else ""
        if name == "sitemap" or not (name in OPEN_TO_ALL or "token" in kwargs or roles_in(request)):
            return _nothing_here()
        return None


def _nothing_here() -> HttpResponse:
    return HttpResponseNotFound(render_to_string("home/unknown_host.html", request=None))


def _is_rehearsal(request: HttpRequest) -> bool:
    cooperative = getattr(request, "cooperative", None)
    return cooperative is not None and cooperative.is_rehearsal
