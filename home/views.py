"""The brand's stylesheet, the page that ends a topic's news, and the page of a fault."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from home import branding, links, unsubscribing
from home.languages import LANGUAGES, TAGS, current
from home.models import Brand

STYLESHEET = "text/css; charset=utf-8"


@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def brand_stylesheet(request: HttpRequest, version: int) -> HttpResponse:
    """The host's brand; its version stands in the address, so that it may be kept for ever."""
    return HttpResponse(branding.stylesheet(Brand.for_request(request)), content_type=STYLESHEET)


@require_safe
@cache_control(public=True, max_age=60)
def brand_of_host(request: HttpRequest) -> HttpResponse:
    """The same at an address without a version, for pages that ask the database for nothing."""
    return HttpResponse(branding.stylesheet(Brand.for_request(request)), content_type=STYLESHEET)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST acts (from the page, or one-click by a mail client: RFC 8058 forbids asking for more)."""
    try:
        backer, _topic = unsubscribing.reader_of(token)
        if request.method == "POST":
            unsubscribing.unsubscribe(token)
    except links.LinkRefused as error:
        raise Http404 from error
    return render(request, "home/unsubscribe.html", {"backer": backer, "done": request.method == "POST"})


def server_error(request: HttpRequest) -> HttpResponse:
    """In both languages, the reader's first, in the brand of the host as far as the request came to know it."""
    spoken = sorted(LANGUAGES, key=lambda code: code != current())
    context = {
        "cooperative": getattr(request, "cooperative", None),
        "languages": [{"code": code, "tag": TAGS[code]} for code in spoken],
    }
    return HttpResponseServerError(render_to_string("500.html", context))
