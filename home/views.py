"""The page that ends a topic's news, and the pages of a fault, of an outage, and of what cannot be taken."""

import sys
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from home import links, outages
from home.form_limits import limits_itself
from home.languages import LANGUAGES, TAGS, current
from home.logs import request_ids
from home.mail import unsubscribe_links, unsubscribing


@csrf_exempt
@limits_itself("mail providers post for all their readers from few networks; the link proves itself")
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST acts (from the page, or one-click by a mail client: RFC 8058 forbids asking for more).

    A link that opens nothing (any more) has a page too, whose button (`again`) has another one mailed to the address on
    file: the same page and the same answer for one that never was ours.
    """
    try:
        backer, _topic = unsubscribing.reader_of(token)
        if request.method == "POST":
            unsubscribing.unsubscribe(token)
    except links.LinkRefused:
        asked = request.method == "POST" and "again" in request.POST
        if asked:
            unsubscribe_links.send(token)
        return render(request, "home/unsubscribe_over.html", {"asked": asked}, status=410)
    return render(request, "home/unsubscribe.html", {"backer": backer, "done": request.method == "POST"})


def server_error(request: HttpRequest) -> HttpResponse:
    """In both languages, the reader's first, in the brand of the host as far as the request came to know it.

    What is no fault but an outage answers 503, which says that it passes; Stripe and mail programs then come again.
    """
    if not outages.is_outage(sys.exc_info()[1]):
        return HttpResponseServerError(render_to_string("500.html", _in_both_languages(request)))
    # It may have come before anything asked which language this reader reads.
    with translation.override(translation.get_language_from_request(request, check_path=True)):
        page = render_to_string("503.html", _in_both_languages(request) | {"was_sent": request.method == "POST"})
    headers = {"Retry-After": str(outages.RETRY_AFTER), "Cache-Control": "no-store"}
    return HttpResponse(page, status=503, headers=headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What was sent cannot be read, or is too much."""
    if isinstance(exception, RequestDataTooBig):
        return too_large(request)
    lead = _("Go back, reload the page and try again. Nothing was changed.")
    return _refused(request, 400, _("What was sent could not be read."), lead)


def too_large(request: HttpRequest) -> HttpResponse:
    lead = _("Go back and send less: a smaller file, or a shorter text. Nothing was changed.")
    return _refused(request, 413, _("This is too large to be sent here."), lead)


def _refused(request: HttpRequest, status: int, heading: object, lead: object) -> HttpResponse:
    context = _in_both_languages(request) | {"heading": heading, "lead": lead}
    return HttpResponse(render_to_string("home/refused.html", context), status=status)


def _in_both_languages(request: HttpRequest) -> dict[str, Any]:
    spoken = sorted(LANGUAGES, key=lambda code: code != current())
    return {
        "cooperative": getattr(request, "cooperative", None),
        "request_id": request_ids.current(),
        "languages": [{"code": code, "tag": TAGS[code]} for code in spoken],
    }
