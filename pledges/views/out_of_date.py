"""A form sent from a page that is too old to be trusted: nothing is done, and what was typed is not lost."""

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.csrf import csrf_failure

from pledges.views import choosing


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponseBase:
    """In place of Django's page, outside the admin: most often the page had been open for days."""
    match = request.resolver_match
    if getattr(request, "cooperative", None) is None or request.path.startswith(reverse("wagtailadmin_home")):
        return csrf_failure(request, reason)
    if match is not None and match.url_name == "contribute_review":
        return choosing.out_of_date(request, match.kwargs["campaign_id"])  # type: ignore[arg-type]
    return render(request, "403_csrf.html", status=403)
