"""One's own data: asked for, downloaded once, erased. Every page asks, then acts on a POST."""

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from home.form_limits import KEYS, OWN_PAGES, limited
from pledges import erasing, kept_elsewhere, own_data
from pledges.models import Pledge
from pledges.views.visiting import SeeOther, Visit, opened_by_link, own_page


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: Visit, pledge: Pledge, token: str) -> HttpResponseBase:
    """GET says what can be done; POST has a link mailed."""
    if request.method == "POST":
        sent = own_data.request_export(pledge)
        return SeeOther(reverse("contribution_data", args=[token]) + ("?sent" if sent else "?many"))
    context = {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "token": token,
        "sent": "sent" in request.GET,
        "many": "many" in request.GET,
    }
    return render(request, "pledges/data.html", context)


@own_page
@limited(KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def download(request: Visit, key: UUID) -> HttpResponseBase:
    """GET asks; POST downloads, once. A link that was used, is old or is another cooperative's says so alike."""
    found = own_data.standing_request(key)
    packed = own_data.use(found) if found and request.method == "POST" else None
    if packed is not None:
        headers = {"Content-Disposition": f'attachment; filename="{request.cooperative.slug}.zip"'}
        return HttpResponse(packed, content_type="application/zip", headers=headers)
    return render(request, "pledges/download.html", {"found": found, "key": key}, status=200 if found else 410)


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: Visit, pledge: Pledge, token: str) -> HttpResponseBase:
    """GET asks, or says why not yet; POST erases. The link opens nothing afterwards."""
    reason = erasing.reason_against(pledge.backer)
    if request.method == "POST" and not reason:
        reason = erasing.erase(pledge)
        if not reason:
            return render(request, "pledges/erased.html", {"campaign": pledge.campaign})
    context = {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "token": token,
        "reason": reason,
        "stays": kept_elsewhere.what_stays(pledge.backer),
        "year": str(erasing.kept_until(pledge.backer)),
    }
    return render(request, "pledges/erase.html", context)
