"""The debits of a campaign: what they would be, how far they are, and how they went; to pause and to resume."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.log_in.recent_login import recent_login
from pledges import settlement
from pledges.admin.money_views import ICON, ROLES
from pledges.models import Settlement
from pledges.money_counts import counts_of
from pledges.rehearsal import rehearse
from pledges.settlement_report import report_of


@requires(*ROLES)
@recent_login(back_to="pledges_settlement")
@require_POST
def pause(request: AdminRequest, campaign_id: int) -> HttpResponse:
    """Pause or resume, as the button says; one that came too late is told so."""
    campaign = _campaign_or_404(request, campaign_id)
    if request.POST.get("act") == "pause":
        if settlement.pause(campaign, by=request.user):
            messages.success(request, _("Charges are paused. Nobody else is charged before you resume."))
        else:
            messages.info(request, _("There is nothing to pause: the charges are over, or paused already."))
    elif request.POST.get("act") == "resume":
        if settlement.resume(campaign, by=request.user):
            messages.success(request, _("Charges go on within a minute."))
        else:
            messages.info(request, _("The charges were not paused."))
    return redirect("pledges_settlement", campaign.pk)


@require_safe
@requires(*ROLES)
def rehearsal(request: AdminRequest, campaign_id: int) -> HttpResponse:
    campaign = _campaign_or_404(request, campaign_id)
    over = campaign.state not in (CampaignState.LIVE, CampaignState.CLOSING)
    context = {"campaign": campaign, "rehearsal": None if over else rehearse(campaign)}
    return TemplateResponse(
        request, "pledges/admin/rehearsal.html", _furniture(_("Rehearsal of the charges"), campaign) | context
    )


@require_safe
@requires(*ROLES)
def report(request: AdminRequest, campaign_id: int) -> HttpResponse:
    campaign = _campaign_or_404(request, campaign_id)
    counts = counts_of(campaign)
    context = {
        "campaign": campaign,
        "counted_at": counts.counted_at,
        "settlement": get_object_or_404(Settlement, campaign=campaign),
        "report": report_of(campaign, counts),
    }
    return TemplateResponse(
        request, "pledges/admin/report.html", _furniture(_("Report on the charges"), campaign) | context
    )


def _campaign_or_404(request: AdminRequest, campaign_id: int) -> Campaign:
    campaigns = Campaign.objects.select_related("cooperative")
    return get_object_or_404(campaigns, cooperative=request.cooperative, pk=campaign_id)


def _furniture(title: str, campaign: Campaign) -> dict[str, object]:
    above = [
        (reverse("pledges_money"), _("Money")),
        (reverse("pledges_settlement", args=[campaign.pk]), campaign.title),
    ]
    return furniture(title, ICON, above=above)
