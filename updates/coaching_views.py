"""Drafts that wait for the team, in the admin: a plan of messages is started, and a mail's button finds its draft."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from campaigns.models import Campaign
from home import formats
from home.admin_access import AdminRequest, requires
from home.models import Role
from updates import coaching

ROLES = (Role.EDITOR, Role.OWNER)


@require_POST
@requires(*ROLES)
def start_plan(request: AdminRequest, campaign_id: int) -> HttpResponse:
    campaign = _campaign_or_404(request, campaign_id)
    if campaign.state in coaching.DONE:
        messages.error(request, _("This campaign is over: there is nothing left to plan."))
        return redirect("updates_mailings")
    made = coaching.start_plan(campaign, by=request.user)
    if made:
        words = ngettext("%(n)s draft awaits you.", "%(n)s drafts await you.", made)
        messages.success(request, words % {"n": formats.number(made)})
    else:
        messages.warning(request, _("The plan was already started. Its drafts are below."))
    return redirect("updates_mailings")


@require_safe
@requires(*ROLES)
def draft(request: AdminRequest, campaign_id: int, occasion: str) -> HttpResponse:
    """Leads to the page that was prepared, or says that there is none yet. Changes nothing."""
    page = coaching.page_for(_campaign_or_404(request, campaign_id), occasion)
    if page is None:
        messages.warning(request, _("This draft is not there: it is still being prepared, or was deleted."))
        return redirect("updates_mailings")
    return redirect("wagtailadmin_pages:edit", page.pk)


def _campaign_or_404(request: AdminRequest, campaign_id: int) -> Campaign:
    """Another cooperative's campaign is not found."""
    campaigns = Campaign.objects.select_related("cooperative__site")
    return get_object_or_404(campaigns, pk=campaign_id, cooperative=request.cooperative)
