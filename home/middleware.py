"""What every request passes: the health answers, and the cooperative of its host."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotFound, JsonResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from wagtail.admin.auth import permission_denied
from wagtail.models import Page, Site
from wagtail.permissions import policy_registry

from home import health
from home.admin_access import roles_in
from home.models import Cooperative, User
from home.tenancy import within

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: Addresses that serve the whole installation, on any host. Their views open the scope of the rows they touch.
PLATFORM_PATHS = ("/stripe/", "/anymail/", "/static/", "/media/")


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
    """Sets `request.cooperative` from the host and runs the request in its scope; an unknown host is not found."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path.startswith(PLATFORM_PATHS):
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


#: How Wagtail's addresses call the pages they are about.
PAGES_NAMED = ("page_id", "parent_page_id", "page_to_move_id", "destination_id", "page_pk")

#: What everyone who logged in may do, at any host.
OPEN_TO_ALL = ("wagtailadmin_login", "wagtailadmin_logout")


class OwnAdminMiddleware:
    """The admin of a host is for the people of its cooperative, and its addresses name pages they can find.

    Several of Wagtail's views show the title of a page before they ask whether its reader may act on it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        user = request.user
        if not request.path.startswith(reverse("wagtailadmin_home")) or not isinstance(user, User) or user.is_superuser:
            return None
        match = request.resolver_match
        if match is None or match.url_name in OPEN_TO_ALL:
            return None
        if not roles_in(request):
            return _to_own_admin(user)
        named = {kwargs[name] for name in PAGES_NAMED if name in kwargs}
        if named and view.__module__.startswith("wagtail") and not _can_find(user, named):
            return permission_denied(request)
        return None


def _to_own_admin(user: User) -> HttpResponseBase | None:
    """Nobody's admin is on this host; someone without any cooperative is refused by Wagtail."""
    membership = user.memberships.select_related("cooperative__site").order_by("pk").first()
    return redirect(membership.cooperative.root_url + reverse("wagtailadmin_home")) if membership else None


def _can_find(user: User, page_ids: set[int]) -> bool:
    found = policy_registry.get_by_type(Page).explorable_instances(user).filter(pk__in=page_ids)
    return found.count() == len(page_ids)
