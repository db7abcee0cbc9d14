"""The preview of a brand from its form: asked for by a POST that saves nothing."""

from django.core import signing
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.brand import branding
from home.brand import previews as brand_previews
from home.brand.views import STYLESHEET
from home.models import Brand, Role

#: Those who may change a brand (home.cooperatives.founding.BRAND_RIGHTS).
ROLES = (Role.EDITOR, Role.OWNER)
#: Asked for by the script of the form, which wants the samples alone.
SCRIPT = "XMLHttpRequest"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES, operators=True)
def preview(request: AdminRequest, site_id: int) -> HttpResponse:
    """POST shows what the form holds; GET, where nothing is typed, leads to the form."""
    if site_id != request.cooperative.site_id:
        raise PermissionDenied
    if request.method != "POST":
        return redirect("wagtailsettings:edit", "home", "brand", site_id)
    form = brand_previews.form_for(request, Brand.objects.get(site=site_id))
    brand = brand_previews.tried(form)
    context = {
        "problems": brand_previews.problems_of(form),
        "samples": brand_previews.samples(request.cooperative, brand, request.user),
        "tried": brand,
    }
    if request.headers.get("X-Requested-With") == SCRIPT:
        return TemplateResponse(request, "home/admin/_brand_samples.html", context)
    around = furniture(_("Preview of the brand"), "palette")
    return TemplateResponse(request, "home/admin/brand_preview.html", around | context)


@require_safe
@never_cache
def trial(request: HttpRequest, token: str) -> HttpResponse:
    """The stylesheet of a brand that was not saved: its colours stand in the address, which only we can write."""
    try:
        return HttpResponse(branding.stylesheet(brand_previews.brand_of(token)), content_type=STYLESHEET)
    except signing.BadSignature as error:
        raise Http404 from error
