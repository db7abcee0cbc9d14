"""Where to tell of a weakness, as machines look for it (RFC 9116), at every host."""

from datetime import timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from home import clock

#: RFC 9116 advises less than a year; each answer is made anew.
HOLDS = timedelta(days=180)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """Raises Http404 where the installation names nobody (SECURITY_CONTACT)."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    until = (clock.now() + HOLDS).strftime("%Y-%m-%dT00:00:00Z")
    own = request.build_absolute_uri(request.path)
    lines = [f"Contact: {_as_uri(settings.SECURITY_CONTACT)}", f"Expires: {until}", "Preferred-Languages: fr, en"]
    return HttpResponse("\n".join([*lines, f"Canonical: {own}", ""]), content_type="text/plain; charset=utf-8")


def _as_uri(contact: str) -> str:
    return contact if ":" in contact else f"mailto:{contact}"
