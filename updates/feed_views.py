"""A campaign's updates for feed readers, in each language."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from campaigns.sharing.addresses import shown_or_404
from updates import syndication

#: Seconds that an answer may be kept on the way; after that a reader that has it already is told so.
KEPT = 60


@require_safe
@cache_control(public=True, max_age=KEPT)
@conditional_page
def updates_feed(request: HttpRequest, campaign_id: int, kind: str) -> HttpResponse:
    """RSS or Atom."""
    campaign, page = shown_or_404(campaign_id)
    text, content_type = syndication.written(campaign, page, kind)
    return HttpResponse(text, content_type=content_type)
