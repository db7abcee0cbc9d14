"""What every request passes: the health answers, and the cooperative of its host."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotFound,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.middleware.gzip import GZipMiddleware
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from home import health
from home.hosts import wayfinding
from home.metrics import asking
from home.models import Cooperative
from home.tenancy import within

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: Addresses that serve the whole installation, on any host. Their views open the scope of the rows they touch.
PLATFORM_PATHS = ("/stripe/", "/anymail/", "/static/", "/media/")

#: What is text without saying so in its first half.
TEXT_KINDS = {"application/javascript", "application/json", "application/ld+json", "image/svg+xml"}


class HealthMiddleware:
    """Answers /healthz, /readyz and /metrics on any host, before anything that could refuse one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return HttpResponse("ok", content_type="text/plain")
        if request.path == "/readyz":
            checks = health.readiness()
            headers = {"Cache-Control": "no-store"}
            return JsonResponse(checks, status=200 if all(checks.values()) else 503, headers=headers)
        if request.path == "/metrics":
            return asking.answer(request)
        return self.get_response(request)


class KnownHostMiddleware:
    """Refuses hosts that are no cooperative's, before anything reads the host: the sites are the list of allowed hosts.

    So a cooperative that was just founded is served without a restart. ALLOWED_HOSTS may narrow it further. A former
    host leads on to the same address at today's.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(PLATFORM_PATHS) or _is_platform(request):
            return self.get_response(request)
        if getattr(wayfinding.site_of(request), "cooperative", None) is None:
            moved = wayfinding.moved_from(request)
            if moved is None:
                return HttpResponseNotFound(render_to_string("home/unknown_host.html", request=None))
            if not _is_one_click(request):
                return _led_on(request, moved)
            request._wagtail_site = moved.site  # type: ignore[attr-defined]
        return self.get_response(request)


def _is_platform(request: HttpRequest) -> bool:
    return bool(settings.PLATFORM_HOST) and wayfinding.host_of(request) == settings.PLATFORM_HOST.lower()


def _led_on(request: HttpRequest, cooperative: Cooperative) -> HttpResponse:
    """To the same address at today's host; not remembered for long, as a cooperative may come back."""
    headers = {"Cache-Control": "max-age=3600"}
    return HttpResponsePermanentRedirect(cooperative.root_url + request.get_full_path(), headers=headers)


def _is_one_click(request: HttpRequest) -> bool:
    """A mail program that unsubscribes by the address in an old mail follows no redirect (RFC 8058)."""
    if request.method != "POST":
        return False
    try:
        return resolve(request.path_info).url_name == "unsubscribe"
    except Resolver404:
        return False


class CompressionMiddleware(GZipMiddleware):
    """Compresses what is text; pictures are compressed already, and a picture's response would lose its length.

    Compressing pages that hold a secret beside a visitor's own input can betray the secret by the length (BREACH).
    Here neither can be read so: Django masks the CSRF token anew in each response, its middleware adds bytes of random
    length to each, and the one input that pages repeat (`?via=`) stands on public pages, which hold no secret at all.
    """

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").split(";")[0]
        if response.status_code != 200 or not (kind.startswith("text/") or kind in TEXT_KINDS):
            return response
        return super().process_response(request, response)


class CooperativeMiddleware:
    """Sets `request.cooperative` from the host and runs the request in its scope.

    The platform's own host (PLATFORM_HOST) has no cooperative and addresses of its own (PLATFORM_URLCONF).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(PLATFORM_PATHS):
            return self.get_response(request)
        if _is_platform(request):
            request._wagtail_site = None  # type: ignore[attr-defined]
            request.cooperative = None  # type: ignore[attr-defined]
            request.urlconf = settings.PLATFORM_URLCONF
            return self.get_response(request)
        cooperative = request._wagtail_site.cooperative  # type: ignore[attr-defined]
        request.cooperative = cooperative  # type: ignore[attr-defined]
        with within(cooperative):
            response = self.get_response(request)
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response.render()
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> None:
        """The way to a page of Wagtail's, found in fewer queries than Wagtail's own."""
        match = request.resolver_match
        if match is not None and match.url_name == "wagtail_serve" and getattr(request, "cooperative", None):
            request.surroundings = wayfinding.find_page(request, args[0] if args else "")  # type: ignore[attr-defined]
