"""One's own data: downloaded or erased, once, by a link mailed for it. Every page asks, then acts on a POST."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from home.form_limits import KEYS, OWN_PAGES, limited
from pledges import data_links, erasing, kept_elsewhere, own_data
from pledges.data_links import Act
from pledges.models import Pledge
from pledges.views.visiting import SeeOther, Visit, opened_by_link, own_page


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: Visit, pledge: Pledge, token: str) -> HttpResponseBase:
    """GET says what can be done; POST has a link mailed."""
    if request.method == "POST":
        sent = data_links.ask(pledge, Act.EXPORT)
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
def download(request: Visit, token: str) -> HttpResponseBase:
    """GET asks; POST downloads, once. A link that was used, is old or is another cooperative's says so alike."""
    found = data_links.standing(Act.EXPORT, token)
    packed = own_data.use(found) if found and request.method == "POST" else None
    if packed is not None:
        headers = {"Content-Disposition": f'attachment; filename="{request.cooperative.slug}.zip"'}
        return HttpResponse(packed, content_type="application/zip", headers=headers)
    context = {"found": found, "token": token, "heading": gettext("Download my data")}
    return render(request, "pledges/download.html", context, status=200 if found else 410)


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def ask_to_erase(request: Visit, pledge: Pledge, token: str) -> HttpResponseBase:
    """GET says what can be done, or why not yet; POST has a link mailed, and erases nothing."""
    reason = erasing.reason_against(pledge.backer)
    if request.method == "POST" and not reason:
        sent = data_links.ask(pledge, Act.ERASE)
        return SeeOther(reverse("contribution_erase", args=[token]) + ("?sent" if sent else "?many"))
    context = _about(pledge, reason) | {"token": token, "sent": "sent" in request.GET, "many": "many" in request.GET}
    return render(request, "pledges/erase_ask.html", context)


@own_page
@limited(KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: Visit, token: str) -> HttpResponseBase:
    """GET asks; POST erases, once. No link opens anything afterwards."""
    found = data_links.standing(Act.ERASE, token)
    if found is None:
        context = {"found": None, "heading": gettext("Erase my data")}
        return render(request, "pledges/download.html", context, status=410)
    pledge = data_links.pledge_of(found)
    reason = erasing.reason_against(pledge.backer)
    if request.method == "POST" and not reason:
        reason = erasing.erase(pledge)
        if not reason:
            data_links.use(found)
            return render(request, "pledges/erased.html", {"campaign": pledge.campaign})
    return render(request, "pledges/erase.html", _about(pledge, reason) | {"token": token})


def _about(pledge: Pledge, reason: str) -> dict[str, Any]:
    return {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "reason": reason,
        "stays": kept_elsewhere.what_stays(pledge.backer),
        "year": str(erasing.kept_until(pledge.backer)),
    }
