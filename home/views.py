"""The brand's stylesheet, and the page that ends a topic's news."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from django.views.static import serve

from home import branding, links, unsubscribing
from home.models import Brand


@require_safe
@cache_control(public=True, max_age=31_536_000, immutable=True)
def brand_stylesheet(request: HttpRequest, version: int) -> HttpResponse:
    """The host's brand; its version stands in the address, so that it may be kept for ever."""
    brand = Brand.for_request(request)
    return HttpResponse(branding.stylesheet(brand), content_type="text/css; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=30 * 24 * 3600)
def media(request: HttpRequest, path: str) -> HttpResponseBase:
    """What editors uploaded. A file put in another's place has a name of its own, so what was fetched may be kept."""
    return serve(request, path, document_root=str(settings.MEDIA_ROOT))


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
