"""The payment account: how it stands, and the way to Stripe to answer what it asks."""

import logging

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from home.admin_access import AdminRequest, has_role, requires
from home.admin_pages import furniture
from home.leading_on import lead_away
from home.log_in.recent_login import recent_login
from home.models import Role
from pledges import accounts, gateway
from pledges.account_emails import reason_words

log = logging.getLogger(__name__)

#: Who goes to Stripe for the cooperative; everyone of the team sees how the account stands.
ROLES = (Role.TREASURER, Role.OWNER)
ICON = "cogs"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*Role)
@recent_login(only_posts=True)
def account(request: AdminRequest) -> HttpResponseBase:
    """GET says how it stands; POST leads to Stripe, or with `again` reads the account anew."""
    may_act = has_role(request, *ROLES)
    if request.method == "POST" and may_act:
        return _read_again(request) if "again" in request.POST else _lead_to_stripe(request)
    return _page(request, may_act)


def _page(request: AdminRequest, may_act: bool) -> HttpResponse:
    state = accounts.state_of(request.cooperative)
    context = {
        "cooperative": request.cooperative,
        "state": state,
        "reason": reason_words(state.disabled_reason) if state else "",
        "processor": settings.PAYMENT_PROCESSOR_NAME,
        "may_act": may_act,
    }
    return TemplateResponse(request, "pledges/admin/account.html", furniture(_("Payment account"), ICON) | context)


def _lead_to_stripe(request: AdminRequest) -> HttpResponseBase:
    root = request.cooperative.root_url
    try:
        url = accounts.onboarding_url(
            request.cooperative,
            by=request.user,
            return_url=root + reverse("pledges_account_return"),
            refresh_url=root + reverse("pledges_account_over"),
        )
    except gateway.GatewayError as error:
        log.warning("no way to Stripe for cooperative %s: %s", request.cooperative.pk, error)
        return _unreachable(request)
    return lead_away(request, url)


def _unreachable(request: AdminRequest) -> HttpResponseBase:
    words = _("%(processor)s does not answer at the moment. Nothing was changed; please try again in a minute.")
    messages.warning(request, words % {"processor": settings.PAYMENT_PROCESSOR_NAME})
    return redirect("pledges_account")


def _read_again(request: AdminRequest) -> HttpResponseBase:
    try:
        accounts.refresh(request.cooperative)
    except gateway.GatewayError as error:
        log.warning("the account of cooperative %s could not be read: %s", request.cooperative.pk, error)
        return _unreachable(request)
    return redirect("pledges_account")


@require_safe
@requires(*ROLES)
def returned(request: AdminRequest) -> HttpResponseBase:
    """Back from Stripe, finished or not: what is so is read there, never from the address."""
    return _read_again(request)


@require_safe
@requires(*ROLES)
def over(request: AdminRequest) -> HttpResponseBase:
    """The way to Stripe is for one use and a few minutes; another one is asked for by the button."""
    messages.info(request, _("That link is over: each one serves once, for a few minutes. The button makes another."))
    return redirect("pledges_account")
