"""Forms of who contributes nothing yet, at addresses of their own, so that a page that may be cached holds none."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import lifecycle, queries
from campaigns.models import Campaign
from campaigns.public_forms import NotifyForm
from home import clock
from home.languages import current
from pledges import resuming
from pledges.views.visiting import SeeOther, Visit


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def when_resumed(request: Visit, campaign_id: int) -> HttpResponseBase:
    """While payments are paused. The answer is the same whoever asks; the form of a contribution may post here too."""
    campaign = _campaign(request, campaign_id)
    if not resuming.is_paused(campaign):
        return _elsewhere(campaign)
    form = NotifyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        resuming.ask(campaign, email=form.cleaned_data["email"], language=form.cleaned_data["language"])
        return SeeOther(reverse("resuming_noted", args=[campaign.pk]))
    return paused_page(request, campaign, form)


@require_safe
def resuming_noted(request: Visit, campaign_id: int) -> HttpResponse:
    context = {"heading": gettext("It is noted"), "lead": gettext("We will write to you when payments resume.")}
    return render(request, "pledges/noted.html", _shared(_campaign(request, campaign_id)) | context)


def paused_page(request: HttpRequest, campaign: Campaign, form: NotifyForm | None = None) -> HttpResponse:
    """That nothing can be paid now, and where to leave an address."""
    told = gettext("Payments are paused for now. Nothing was charged.")
    asked = gettext("Leave your email: we will write to you when they resume.")
    context = {
        "heading": gettext("Contribute to “%(campaign)s”") % {"campaign": campaign.title},
        "lead": f"{told} {asked}",
        "consent": resuming.CONSENT,
        "button": gettext("Tell me when they resume"),
        "action": reverse("resuming", args=[campaign.pk]),
        "form": form or NotifyForm(),
    }
    return render(request, "pledges/wish.html", _shared(campaign) | context)


def _elsewhere(campaign: Campaign) -> HttpResponseBase:
    """To the form of a contribution where payments are taken, else to the campaign."""
    if lifecycle.takes_pledges(campaign, clock.now()) and queries.is_public(campaign):
        return HttpResponseRedirect(reverse("contribute", args=[campaign.pk]))
    return HttpResponseRedirect(queries.url_in(campaign, current()))


def _shared(campaign: Campaign) -> dict[str, Any]:
    return {"campaign": campaign, "campaign_url": queries.url_in(campaign, current())}


def _campaign(request: Visit, campaign_id: int) -> Campaign:
    """Found here if it is, or was, public."""
    return get_object_or_404(
        queries.campaigns_of(request.cooperative).select_related("cooperative__site"), pk=campaign_id
    )
