"""Money, campaign by campaign: pledged, collected, by state, fees and commission as the ledger has them."""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from campaigns.queries import campaigns_of
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture, page_of
from home.models import Role
from pledges.admin.listing import accounts_of, payments_by_state, pledges_by_state, refunds_by_state
from pledges.models import Settlement
from pledges.money_counts import counts_of
from pledges.settlement_report import pace_of
from pledges.totals import progress_of, progress_of_all

ROLES = (Role.TREASURER, Role.OWNER)
ICON = "decimal"


@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    page = page_of(request, campaigns_of(request.cooperative))
    progress = progress_of_all(page["rows"])
    context = {"progress": [progress[campaign.pk] for campaign in page["rows"]]}
    return TemplateResponse(request, "pledges/admin/money.html", furniture(_("Money"), ICON) | page | context)


@requires(*ROLES)
def settlement(request: AdminRequest, campaign_id: int) -> HttpResponse:
    campaign = get_object_or_404(Campaign, cooperative=request.cooperative, pk=campaign_id)
    settling = Settlement.objects.filter(campaign=campaign).select_related("paused_by").first()
    counts = counts_of(campaign)
    context = {
        "campaign": campaign,
        "counted_at": counts.counted_at,
        "progress": progress_of(campaign),
        "settlement": settling,
        "pace": pace_of(settling) if settling and not settling.finished_at else None,
        "may_rehearse": campaign.state in (CampaignState.LIVE, CampaignState.CLOSING),
        "accounts": accounts_of(counts),
        "pledges": pledges_by_state(counts),
        "payments": payments_by_state(counts),
        "refunds": refunds_by_state(counts),
    }
    above = [(reverse("pledges_money"), _("Money"))]
    return TemplateResponse(
        request, "pledges/admin/settlement.html", furniture(campaign.title, ICON, above=above) | context
    )
