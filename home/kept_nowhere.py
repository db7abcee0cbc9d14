"""Addresses that open something to whoever has them: no Referer carries them, no cache and no index keeps them.

Asked of every answer, whatever made it: a page, a refusal, a redirect from a former host, a fault.
"""

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponseBase

from home import links

Response = TypeVar("Response", bound=HttpResponseBase)

#: How the argument of an address that opens something is called.
KEYS = {"token", "key"}

#: Not even the path is told to anyone. Of a page without a form alone: a browser posts one with `Origin: null` then,
#: which the CSRF check refuses.
NOTHING = "no-referrer"
#: The host, and never the path. The CSRF check over HTTPS is content with it, where a browser sends no Origin.
HOST_ALONE = "strict-origin"


def kept_nowhere(response: Response, *, referrer: str = HOST_ALONE) -> Response:
    """The response, with what keeps its address to its reader."""
    response["Referrer-Policy"] = referrer
    response["Cache-Control"] = "no-store, private"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


class KeptNowhereMiddleware:
    """`kept_nowhere` for every address with a key in it, whether its view thought of it or not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not is_keyed(request):
            return response
        said = response.get("Referrer-Policy", "")
        return kept_nowhere(response, referrer=NOTHING if said == NOTHING else HOST_ALONE)


def is_keyed(request: HttpRequest) -> bool:
    """By the name of what it was resolved to, or, where it leads nowhere, by how it looks."""
    match = request.resolver_match
    return bool(match and KEYS & match.kwargs.keys()) or links.holds_secret(request.get_full_path())
