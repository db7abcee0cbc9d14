"""Where a visitor is led: what an address asks for is followed on this host only, and what is elsewhere, knowingly."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.encoding import iri_to_uri
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache


def is_own(request: HttpRequest, asked: str | None) -> bool:
    """Whether an address that came with the request leads to this host: another cooperative's is as foreign as any."""
    return url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())


def own_or(request: HttpRequest, otherwise: str) -> str:
    """The `next` that a form or a link asked for, if it leads to this host."""
    asked = request.POST.get("next") or request.GET.get("next")
    return asked if asked and is_own(request, asked) else otherwise


def is_path(asked: str) -> bool:
    """Whether a redirect to it stays on the host it is followed at, whichever that is."""
    return asked.startswith("/") and url_has_allowed_host_and_scheme(asked, allowed_hosts=None)


@never_cache
def lead_away(request: HttpRequest, url: str) -> HttpResponse:
    """To an address of our own making on a host that the policy of our forms does not name.

    Browsers hold the form that was sent to that policy along all redirects that answer it (a bank's page leads on to
    other hosts), so such an answer is a page that opens the next one by itself, with a link for who must press it.
    """
    if request.method in {"GET", "HEAD"}:
        return HttpResponseRedirect(url)
    answer = render(request, "home/leading_on.html", {"following": url})
    answer["Refresh"] = f"0; url={iri_to_uri(url)}"
    return answer
