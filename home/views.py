"""The page that ends a topic's news, and the pages of a fault and of an outage."""

import sys
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from home import links, outages
from home.languages import LANGUAGES, TAGS, current
from home.mail import unsubscribing


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
    """In both languages, the reader's first, in the brand of the host as far as the request came to know it.

    What is no fault but an outage answers 503, which says that it passes; Stripe and mail programs then come again.
    """
    if not outages.is_outage(sys.exc_info()[1]):
        return HttpResponseServerError(render_to_string("500.html", _context(request)))
    # It may have come before anything asked which language this reader reads.
    with translation.override(translation.get_language_from_request(request, check_path=True)):
        page = render_to_string("503.html", _context(request) | {"was_sent": request.method == "POST"})
    headers = {"Retry-After": str(outages.RETRY_AFTER), "Cache-Control": "no-store"}
    return HttpResponse(page, status=503, headers=headers)


def _context(request: HttpRequest) -> dict[str, Any]:
    spoken = sorted(LANGUAGES, key=lambda code: code != current())
    return {
        "cooperative": getattr(request, "cooperative", None),
        "languages": [{"code": code, "tag": TAGS[code]} for code in spoken],
    }
