"""Who may read the figures: whoever shows METRICS_TOKEN; without one, this machine alone. Others find no such page."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils.crypto import constant_time_compare
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from home.metrics.registry import Collector

#: What a proxy writes: with one of them, a request of this machine's was made for somebody else.
_PROXIED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")

_figures = CollectorRegistry(auto_describe=False)
_figures.register(Collector())


def answer(request: HttpRequest) -> HttpResponse:
    """The figures of this moment, as Prometheus reads them; 404 for who may not."""
    if request.method != "GET" or not _may_read(request):
        return HttpResponseNotFound(headers={"Cache-Control": "no-store"})
    text = generate_latest(_figures)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST, headers={"Cache-Control": "no-store"})


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        scheme, _space, shown = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and constant_time_compare(shown.strip(), settings.METRICS_TOKEN)
    return _is_of_this_machine(request)


def _is_of_this_machine(request: HttpRequest) -> bool:
    if any(name in request.headers for name in _PROXIED):
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
