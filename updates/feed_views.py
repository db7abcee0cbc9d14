"""A campaign's updates for feed readers, in each language."""

from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from campaigns.models import Campaign
from campaigns.sharing.addresses import shown_or_404
from home.models import Cooperative
from home.tenancy import within
from updates import syndication

#: Seconds that an answer may be kept on the way; after that a reader that has it already is told so.
KEPT = 60


def paths_of(cooperative: Cooperative) -> Iterator[str]:
    """Where the feeds of its campaigns are, in the language that is active."""
    with within(cooperative):
        for pk in Campaign.objects.values_list("pk", flat=True):
            yield from (reverse(name, args=[pk]) for name in ("updates_rss", "updates_atom"))


@require_safe
@cache_control(public=True, max_age=KEPT)
@conditional_page
def updates_feed(request: HttpRequest, campaign_id: int, kind: str) -> HttpResponse:
    """RSS or Atom."""
    campaign, page = shown_or_404(campaign_id)
    text, content_type = syndication.written(campaign, page, kind)
    return HttpResponse(text, content_type=content_type)
