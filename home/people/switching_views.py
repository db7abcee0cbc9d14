"""« Mes coopératives »: from one team's admin to another's; and the page at the other host that asks to go on there."""

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from wagtail.admin.menu import MenuItem

from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.form_limits import KEYS, limited
from home.leading_on import is_path, lead_away
from home.models import Cooperative, Membership, Role, User
from home.people import switching
from home.queries import cooperatives_of
from home.tenancy import current_cooperative

ICON = "home"


@dataclass(frozen=True)
class Place:
    """One cooperative where the reader works; `roles` are theirs, empty for a superuser without any."""

    cooperative: Cooperative
    roles: list[str]
    is_here: bool


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(*Role)
def index(request: AdminRequest) -> HttpResponse:
    """GET lists them; POST (`cooperative`, and `path` if it is not the admin's first page) goes to one."""
    if request.method == "POST":
        return _switch(request)
    roles: dict[int, list[str]] = {}
    for one in Membership.objects.filter(user=request.user).order_by("pk"):
        roles.setdefault(one.cooperative_id, []).append(one.get_role_display())
    places = [Place(one, roles.get(one.pk, []), one == request.cooperative) for one in cooperatives_of(request.user)]
    context = furniture(_("My cooperatives"), ICON) | {"places": places}
    return TemplateResponse(request, "home/admin/my_cooperatives.html", context)


def _switch(request: AdminRequest) -> HttpResponse:
    """Any other cooperative, and any address that is not one of a site's own, is refused."""
    chosen, path = request.POST.get("cooperative", ""), request.POST.get("path", "")
    there = cooperatives_of(request.user).filter(pk=chosen).first() if chosen.isascii() and chosen.isdigit() else None
    path = path or reverse("wagtailadmin_home")
    if there is None or not is_path(path):
        raise PermissionDenied
    if there == request.cooperative:
        return redirect(path)
    return lead_away(request, switching.way_to(request, there, path))


@never_cache
@limited(KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def crossing(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST logs in at this host and goes on."""
    cooperative = current_cooperative()
    if cooperative is None:
        raise Http404
    try:
        if request.method == "POST":
            return redirect(switching.follow(request, cooperative, token))
        way = switching.read(cooperative, token)
    except switching.CrossingRefused:
        return render(request, "home/crossing.html", {"cooperative": cooperative}, status=404)
    return render(request, "home/crossing.html", {"cooperative": cooperative, "way": way})


class SwitchItem(MenuItem):
    """Shown to those who work in several cooperatives."""

    def is_shown(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and len(cooperatives_of(request.user)[:2]) > 1
