"""Going on with a contribution by the link that was mailed."""

from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from campaigns import queries
from home.form_limits import KEYS, limited
from home.languages import current
from home.links import LinkRefused
from pledges import continuing
from pledges.models import Continuation
from pledges.views import choosing
from pledges.views.visiting import Visit, own_page


@own_page
@limited(KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def go_on(request: Visit, token: str) -> HttpResponseBase:
    """GET asks, so that no program that opens links begins a contribution; POST is the form, as it was sent."""
    try:
        row = continuing.row_of(token)
    except LinkRefused:
        return _over_page(request)
    if request.method != "POST":
        return _page(request, row)
    request.POST = QueryDict(urlencode({**row.typed, "go": token, "confirm": "1"}))
    return choosing.review(request, row.campaign_id)


def _page(request: Visit, row: Continuation) -> HttpResponse:
    context = {
        "heading": gettext("Continue your contribution"),
        "campaign": row.campaign,
        "campaign_url": queries.url_in(row.campaign, current()),
        "may_go_on": True,
    }
    return render(request, "pledges/continue.html", context)


def _over_page(request: Visit) -> HttpResponse:
    """Always the same, whatever is wrong with the link."""
    return render(request, "pledges/continue.html", {"heading": gettext("This link no longer works")}, status=410)
