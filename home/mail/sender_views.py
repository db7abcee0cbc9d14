"""Verifying the sending address: asked for in the admin, confirmed from the mail."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from home import links
from home.admin_access import AdminRequest, has_role, requires
from home.admin_pages import furniture
from home.form_limits import KEYS, limited
from home.mail import sender_dns, sender_verifying, sender_words
from home.models import Role
from home.tenancy import current_cooperative

ICON = "mail"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Role.OWNER, Role.EDITOR, Role.ADVISER)
def verification(request: AdminRequest) -> HttpResponse:
    """GET says where it stands; POST asks the DNS (`act=dns`), or, the direction's, sends the mail."""
    may_ask = has_role(request, Role.OWNER)
    if request.method == "POST" and request.POST.get("act") == "dns":
        findings = sender_dns.check(request.cooperative.sender_email, request.cooperative.contact_email)
        return _page(request, may_ask, {"asked": True, "lines": sender_words.lines_of(findings)})
    if request.method == "POST" and may_ask:
        sender_verifying.ask(request.cooperative, by=request.user)
        sent = _("An email has left for %(sender)s. Open it there and follow its link.")
        messages.success(request, sent % {"sender": request.cooperative.sender_email})
        return redirect("sender_verification")
    return _page(request, may_ask, {})


def _page(request: AdminRequest, may_ask: bool, found: dict[str, Any]) -> HttpResponse:
    around = furniture(_("Sending address"), ICON)
    context = {
        "cooperative": request.cooperative,
        "may_ask": may_ask,
        "domain": sender_dns.domain_of(request.cooperative.sender_email),
    }
    return TemplateResponse(request, "home/admin/sender.html", around | context | found)


@never_cache
@limited(KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def confirmation(request: HttpRequest, token: str) -> HttpResponse:
    """GET asks; POST verifies."""
    cooperative = current_cooperative()
    if cooperative is None:
        raise Http404
    try:
        address = sender_verifying.read(cooperative, token)
        if request.method == "POST":
            sender_verifying.confirm(cooperative, token)
    except links.LinkRefused:
        return render(request, "home/sender_over.html", {"cooperative": cooperative}, status=410)
    return render(request, "home/sender.html", {"address": address, "done": request.method == "POST"})
