"""What a host shows of its brand at addresses of their own: stylesheet, icons, logo, picture for sharing.

A version stands in each address, so that what was fetched may be kept for ever; an older one shows today's.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from home.brand import branding
from home.brand import pictures as brand_pictures
from home.models import Brand, Cooperative, LogoDrawing
from home.tenancy import current_cooperative

STYLESHEET = "text/css; charset=utf-8"
#: A drawing was rebuilt from what is harmless; should anything be left, it may do nothing.
DRAWING_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

for_ever = cache_control(public=True, max_age=31_536_000, immutable=True)
for_a_day = cache_control(public=True, max_age=86_400)


@require_safe
@for_ever
def stylesheet(request: HttpRequest, version: int) -> HttpResponse:
    return HttpResponse(branding.stylesheet(Brand.for_request(request)), content_type=STYLESHEET)


@require_safe
@cache_control(public=True, max_age=60)
def stylesheet_of_host(request: HttpRequest) -> HttpResponse:
    """The same at an address without a version, for pages that ask the database for nothing."""
    return HttpResponse(branding.stylesheet(Brand.for_request(request)), content_type=STYLESHEET)


@require_safe
@for_ever
def icon(request: HttpRequest, version: int, size: int) -> HttpResponse:
    if size not in brand_pictures.ICON_SIZES:
        raise Http404
    return _png(brand_pictures.icon(Brand.for_request(request), size, _here().name))


@require_safe
@for_a_day
def favicon(request: HttpRequest) -> HttpResponse:
    """At the address that browsers ask for unbidden."""
    picture = brand_pictures.favicon(Brand.for_request(request), _here().name)
    return HttpResponse(picture, content_type="image/vnd.microsoft.icon")


@require_safe
@for_a_day
def touch_icon(request: HttpRequest) -> HttpResponse:
    """The same, asked for by iPhones."""
    return _png(brand_pictures.icon(Brand.for_request(request), brand_pictures.TOUCH, _here().name))


@require_safe
@for_ever
def drawing(request: HttpRequest, version: int) -> HttpResponse:
    found = get_object_or_404(LogoDrawing, brand=Brand.for_request(request))
    headers = {"Content-Security-Policy": DRAWING_POLICY, "X-Content-Type-Options": "nosniff"}
    return HttpResponse(found.svg, content_type="image/svg+xml; charset=utf-8", headers=headers)


@require_safe
@for_ever
def mail_logo(request: HttpRequest, version: int) -> HttpResponse:
    return _png(brand_pictures.mail_logo(Brand.for_request(request)))


@require_safe
@for_ever
def social(request: HttpRequest, version: int) -> HttpResponse:
    picture = brand_pictures.social(Brand.for_request(request))
    if picture is None:
        raise Http404
    return HttpResponse(picture, content_type="image/jpeg")


def _png(picture: bytes | None) -> HttpResponse:
    if picture is None:
        raise Http404
    return HttpResponse(picture, content_type="image/png")


def _here() -> Cooperative:
    cooperative = current_cooperative()
    if cooperative is None:
        raise Http404
    return cooperative
