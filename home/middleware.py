"""What every request passes: the health answers, and the cooperative of its host."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotFound, JsonResponse
from django.http.request import split_domain_port
from django.template.loader import render_to_string
from wagtail.models import Site

from home import health
from home.models import Cooperative
from home.tenancy import within

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: Addresses that serve the whole installation, on any host. Their views open the scope of the rows they touch.
PLATFORM_PATHS = ("/stripe/", "/static/", "/media/")


class HealthMiddleware:
    """Answers /healthz and /readyz on any host, before anything that could refuse one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/healthz":
            return HttpResponse("ok", content_type="text/plain")
        if request.path == "/readyz":
            checks = health.readiness()
            return JsonResponse(checks, status=200 if all(checks.values()) else 503)
        return self.get_response(request)


class CooperativeMiddleware:
    """Sets `request.cooperative` from the host and runs the request in its scope; an unknown host is not found.

    The platform's own host (PLATFORM_HOST) has no cooperative and addresses of its own (PLATFORM_URLCONF).
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(PLATFORM_PATHS):
            return self.get_response(request)
        if settings.PLATFORM_HOST and split_domain_port(request.get_host())[0] == settings.PLATFORM_HOST:
            request.cooperative = None  # type: ignore[attr-defined]
            request.urlconf = settings.PLATFORM_URLCONF
            return self.get_response(request)
        site = Site.find_for_request(request)
        cooperative = Cooperative.objects.filter(site=site).first() if site else None
        if cooperative is None:
            return HttpResponseNotFound(render_to_string("home/unknown_host.html", request=None))
        if site is not None:
            cooperative.site = site
        request.cooperative = cooperative  # type: ignore[attr-defined]
        with within(cooperative):
            response = self.get_response(request)
            if hasattr(response, "render") and not getattr(response, "is_rendered", True):
                response.render()
        return response
