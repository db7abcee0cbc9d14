"""The platform's own pages in the admin: every cooperative, opening one, and what the platform decides of each."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from home.admin_access import AdminRequest, operators_only
from home.admin_pages import Crumb, furniture, page_of
from home.cooperatives import opening
from home.cooperatives.founding_forms import FoundationForm
from home.cooperatives.settings_forms import PlatformForm
from home.models import Cooperative

ICON = "site"


@dataclass(frozen=True)
class Line:
    """A cooperative and how it stands, in words."""

    cooperative: Cooperative

    @property
    def states(self) -> list[str]:
        one = self.cooperative
        said = [
            _("Archived") if one.archived_at else "",
            _("Listed") if one.listed else _("Not listed"),
            self._payments(),
            _("Sending address verified") if one.sender_verified_at else _("Sending address not verified"),
        ]
        return [words for words in said if words]

    def _payments(self) -> str:
        one = self.cooperative
        if one.disconnected_at:
            return _("Payment account out of reach")
        if not one.stripe_account:
            return _("No payment account")
        return _("Takes payments") if one.charges_enabled else _("Payment account to complete")


@require_safe
@operators_only
def index(request: AdminRequest) -> HttpResponse:
    rows = Cooperative.objects.filter(rehearses=None).select_related("site", "federation").order_by("name", "pk")
    found = page_of(request, rows)
    found["rows"] = [Line(cooperative) for cooperative in found["rows"]]
    return TemplateResponse(request, "home/admin/cooperatives.html", furniture(_("Cooperatives"), ICON) | found)


def _crumb() -> Crumb:
    return reverse("platform_cooperatives"), _("Cooperatives")


@require_http_methods(["GET", "HEAD", "POST"])
@operators_only
def add(request: AdminRequest) -> HttpResponseBase:
    form = FoundationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and (opened := form.open(by=request.user)):
        context = {"opened": opened, "left": opening.left_to_do(opened)}
        around = furniture(opened.cooperative.name, ICON, above=[_crumb()])
        return TemplateResponse(request, "home/admin/cooperative_opened.html", around | context)
    status = 422 if form.errors else 200
    around = furniture(_("Open a cooperative"), ICON, above=[_crumb()])
    context = {"form": form, "button": _("Open the cooperative"), "back_url": _crumb()[0]}
    return TemplateResponse(request, "home/admin/settings_form.html", around | context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@operators_only
def detail(request: AdminRequest, cooperative_id: int) -> HttpResponseBase:
    cooperative = get_object_or_404(
        Cooperative.objects.filter(rehearses=None).select_related("site", "federation"), id=cooperative_id
    )
    line = Line(Cooperative.objects.get(pk=cooperative.pk))
    form = PlatformForm(request.POST if request.method == "POST" else None, instance=cooperative)
    if request.method == "POST" and form.is_valid():
        form.keep(request.user)
        messages.success(request, _("Settings saved."))
        return redirect("platform_cooperative", cooperative.pk)
    around = furniture(cooperative.name, ICON, above=[_crumb()])
    context = {
        "form": form,
        "button": _("Save"),
        "back_url": _crumb()[0],
        "lines": [*line.states, cooperative.root_url],
    }
    status = 422 if form.errors else 200
    return TemplateResponse(request, "home/admin/settings_form.html", around | context, status=status)
