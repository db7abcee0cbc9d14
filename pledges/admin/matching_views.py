"""Matching money of a campaign: what partners added, and recording more of it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from campaigns.models import Campaign
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from pledges import matching
from pledges.admin.books_forms import MatchingForm
from pledges.admin.books_views import ICON, ROLES
from pledges.models import Matching


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
def index(request: AdminRequest, campaign_id: int) -> HttpResponse:
    """The list and the form; POST records money that came."""
    campaign = get_object_or_404(Campaign, cooperative=request.cooperative, pk=campaign_id)
    form = MatchingForm(request.POST or None, campaign=campaign, cooperative=request.cooperative)
    if request.method == "POST" and form.is_valid():
        matching.record(campaign, form.received(), by=request.user)
        messages.success(request, _("The matching money is recorded. It is shown apart from the contributions."))
        return redirect("pledges_matching", campaign.pk)
    above = [
        (reverse("pledges_money"), _("Money")),
        (reverse("pledges_settlement", args=[campaign.pk]), campaign.title),
    ]
    context = {
        "campaign": campaign,
        "form": form,
        "rows": Matching.objects.filter(campaign=campaign).select_related("recorded_by").order_by("received_on", "pk"),
    }
    return TemplateResponse(
        request, "pledges/admin/matching.html", furniture(_("Matching money"), ICON, above=above) | context
    )
