"""What the views of this room share: the request as the middleware leaves it, and pages that are one person's own."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render

from home.kept_nowhere import kept_nowhere
from home.links import LinkRefused
from home.models import Cooperative
from pledges.forms import LostLinkForm
from pledges.links import pledge_of

View = Callable[..., HttpResponseBase]


class Visit(HttpRequest):
    """A request on a cooperative's host."""

    cooperative: Cooperative


class SeeOther(HttpResponseRedirect):
    """After a POST: the answer is elsewhere, to be read by GET."""

    status_code = 303


def own_page(view: View) -> View:
    """The page is kept nowhere, and its address, if it opens something, is told to nobody."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return kept_nowhere(view(request, *args, **kwargs))

    return wrapped


def old_link_page(request: Visit) -> HttpResponse:
    """For a link that opens nothing here, or nothing any more: always the same answer."""
    return render(request, "pledges/old_link.html", {"form": LostLinkForm()}, status=410)


def opened_by_link(view: View) -> View:
    """The view is given the pledge that the link opens, and the link's token; kept nowhere, as `own_page`."""

    @own_page
    @wraps(view)
    def wrapped(request: Visit, token: str, **kwargs: Any) -> HttpResponseBase:
        try:
            pledge = pledge_of(token)
        except LinkRefused:
            return old_link_page(request)
        return view(request, pledge, token, **kwargs)

    return wrapped
