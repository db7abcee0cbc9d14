"""Every name of a wall of thanks, page by page. For everyone, and the same for everyone."""

import re

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from campaigns import queries
from campaigns.enums import BEFORE_LAUNCH
from campaigns.models import Campaign
from home.languages import ENGLISH, FRENCH, current
from pledges import pulse
from pledges.views.visiting import Visit

#: Names on one page.
SIZE = 300
ROW = re.compile(r"[0-9]{1,18}\Z")


@require_safe
def show(request: Visit, campaign_id: int) -> HttpResponse:
    """`?after=` is where the page begins; anything else there is the beginning."""
    launched = Campaign.objects.exclude(state__in=BEFORE_LAUNCH).select_related("cooperative__site")
    campaign = get_object_or_404(launched, pk=campaign_id)
    if not queries.has_wall(campaign):
        raise Http404
    asked = request.GET.get("after", "")
    after = int(asked) if ROW.match(asked) else 0
    with translation.override(FRENCH if current() == ENGLISH else ENGLISH):
        translated = reverse("wall", args=[campaign.pk])
    context = {
        "campaign": campaign,
        "campaign_url": queries.url_in(campaign, current()),
        "translated_url": f"{translated}?after={after}" if after else translated,
        "wall": pulse.wall_shown(campaign, size=SIZE, after=after),
        "is_first": not after,
    }
    return render(request, "pledges/wall.html", context)
