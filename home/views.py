"""The page that ends a topic's news, and the page of a fault."""

from django.http import HttpRequest, HttpResponse, HttpResponseServerError
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from home import links
from home.languages import LANGUAGES, TAGS, current
from home.mail import unsubscribe_links, unsubscribing


@csrf_exempt
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
    """In both languages, the reader's first, in the brand of the host as far as the request came to know it."""
    spoken = sorted(LANGUAGES, key=lambda code: code != current())
    context = {
        "cooperative": getattr(request, "cooperative", None),
        "languages": [{"code": code, "tag": TAGS[code]} for code in spoken],
    }
    return HttpResponseServerError(render_to_string("500.html", context))
