"""What the views of this room share: the request as the middleware leaves it, and pages that are one person's own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect

from home.models import Cooperative

View = Callable[..., HttpResponseBase]


class Visit(HttpRequest):
    """A request on a cooperative's host."""

    cooperative: Cooperative


class SeeOther(HttpResponseRedirect):
    """After a POST: the answer is elsewhere, to be read by GET."""

    status_code = 303


def own_page(view: View) -> View:
    """The page is kept nowhere, and its address, which opens it, is told to nobody.

    `strict-origin` and not `no-referrer`: under the latter a browser posts forms with `Origin: null`, which the
    CSRF check refuses. The address stands in no Referer under either.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Referrer-Policy"] = "strict-origin"
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex"
        return response

    return wrapped
