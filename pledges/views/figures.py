"""The public figures of a campaign for other sites: as JSON, and as a frame to stand in a page of theirs.

Neither sets a cookie, asks who is there, or needs anything but the address.
"""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from campaigns.sharing.addresses import share_of, shown_or_404
from home.languages import TAGS
from home.referral import via_of
from pledges import pulse
from pledges.totals import progress_of
from pledges.views.visiting import Visit

#: Seconds that an answer may be kept, here and on the way.
KEPT = 60


@cache_control(public=True, max_age=KEPT)
@require_safe
def figures(request: Visit, campaign_id: int) -> HttpResponse:
    """Documented in docs/public-figures.md."""
    campaign, page = shown_or_404(campaign_id)
    progress = pulse.shown(progress_of(campaign))
    found = {
        "campaign": campaign.pk,
        "title": page.title,
        "url": page.full_url,
        "language": TAGS[page.locale.language_code],
        "cooperative": campaign.cooperative.name,
        "state": campaign.state,
        "funding_model": campaign.funding_model,
        "currency": campaign.currency,
        "goal_unit": campaign.goal_unit,
        "goal": campaign.goal,
        "units": progress.units,
        "pledged": progress.pledged,
        "collected": progress.collected,
        "percent": progress.percent,
        "backers": progress.backers,
        "deadline": campaign.deadline.isoformat(),
    }
    return JsonResponse(found, headers={"Access-Control-Allow-Origin": "*"}, json_dumps_params={"ensure_ascii": False})


@cache_control(public=True, max_age=KEPT)
@xframe_options_exempt
@require_safe
def widget(request: Visit, campaign_id: int) -> HttpResponse:
    """A frame of 320 by 300 or more; what it links to opens beside the page it stands in."""
    campaign, page = shown_or_404(campaign_id)
    share = share_of(campaign, page, via_of(request))
    context = {"campaign": campaign, "progress": pulse.shown(progress_of(campaign)), "share": share}
    response = render(request, "campaigns/widget.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response
