"""« Prévenez-moi »: a form at an address of its own, so that a cached page holds none."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import following, queries
from campaigns.models import Campaign
from campaigns.public_forms import NotifyForm
from home.form_limits import WISHES, limited
from home.languages import current
from home.tenancy import current_cooperative


@never_cache
@limited(WISHES, email="email")
@require_http_methods(["GET", "HEAD", "POST"])
def notify_me(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """The answer is the same whoever asks. A campaign that is open already, or never will be, is shown instead."""
    campaign = _campaign_or_404(campaign_id)
    if not campaign.is_announced or campaign.cooperative.archived_at:
        return redirect(queries.url_in(campaign, current()))
    form = NotifyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        following.follow(campaign, email=form.cleaned_data["email"], language=form.cleaned_data["language"])
        return redirect("campaign_noted", campaign.pk)
    return render(request, "campaigns/notify.html", _context(campaign) | {"form": form, "consent": following.CONSENT})


@require_safe
def noted(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Says the same to everyone, and nothing about who follows."""
    return render(request, "campaigns/noted.html", _context(_campaign_or_404(campaign_id)))


def _context(campaign: Campaign) -> dict[str, object]:
    return {"campaign": campaign, "campaign_url": queries.url_in(campaign, current())}


def _campaign_or_404(campaign_id: int) -> Campaign:
    """Found here if it is, or was, public."""
    cooperative = current_cooperative()
    if cooperative is None:
        raise Http404
    campaign = queries.campaigns_of(cooperative).filter(pk=campaign_id).select_related("cooperative__site").first()
    if campaign is None:
        raise Http404
    return campaign
