"""What browsers may do with each class of answer: the one place that says the security headers.

HSTS, `nosniff`, the referrer policy and the opener policy are Django's own, given here to every answer, those included
that no other middleware saw. A view that knows better sets its header itself, which stays: mails shown in a sandbox,
pages kept nowhere. No page has a nonce: public pages are kept for everyone, and hold no script or style of their own.
"""

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.security import SecurityMiddleware
from django.urls import reverse

Directives = dict[str, Any]

#: Who plays the videos that campaigns show, once a visitor asks for one.
VIDEO_FRAMES = ("https://www.youtube-nocookie.com", "https://player.vimeo.com")

#: What no page of ours uses, nor a frame in it.
UNUSED = (
    *("accelerometer", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer", "microphone", "midi"),
    *("payment", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking"),
)
#: What players use.
PLAYING = ("autoplay", "encrypted-media", "fullscreen", "picture-in-picture")
PASSKEYS = ("publickey-credentials-create", "publickey-credentials-get")


class Kind(StrEnum):
    """The classes of answers. A page that a key opens is a PAGE, and says itself that it is kept nowhere."""

    PAGE = "page"  # whatever visitors read, refusals and errors included
    WIDGET = "widget"  # the one page that others may frame
    ADMIN = "admin"
    UPLOAD = "upload"  # files of editors
    SHARED = "shared"  # what stands in mails and on other sites: static files, pictures of a brand, feeds, figures
    DATA = "data"  # any other file: exports, receipts, documents, answers to scripts


class WebPolicyMiddleware(CSPMiddleware):
    """Inside the page cache, which so keeps the headers with the page; around everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        super().__init__(get_response)
        self.django_s_own = SecurityMiddleware(get_response)

    def process_request(self, request: HttpRequest) -> None:
        """No nonce: see above."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if getattr(request, "is_dummy", False):
            return response  # a page previewed in the admin: the answer is the admin's
        self.django_s_own.process_response(request, response)  # type: ignore[arg-type]
        kind = kind_of(request, response)
        if FRAMES[kind]:
            response["X-Frame-Options"] = FRAMES[kind]
        for name, value in headers_of(kind).items():
            response.headers.setdefault(name, value)
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        return PolicyParts() if report_only else PolicyParts(config=policy_of(kind_of(request, response)))


#: For browsers that read no `frame-ancestors`. Django's middleware says it for pages, and knows one value alone.
FRAMES: dict[Kind, str] = dict.fromkeys(Kind, "DENY") | {Kind.ADMIN: "SAMEORIGIN", Kind.WIDGET: ""}


def kind_of(request: HttpRequest, response: HttpResponseBase) -> Kind:
    if request.path.startswith("/static/"):
        return Kind.SHARED
    if request.path.startswith(settings.MEDIA_URL):
        return Kind.UPLOAD
    if response.headers.get("Content-Type", "").split(";")[0] != "text/html":
        return Kind.SHARED if "public" in response.headers.get("Cache-Control", "") else Kind.DATA
    if request.path.startswith(_admin_home()):
        return Kind.ADMIN
    return Kind.WIDGET if getattr(response, "xframe_options_exempt", False) else Kind.PAGE


def headers_of(kind: Kind) -> dict[str, str]:
    """Those that are neither Django's own nor the policy."""
    is_for_others = kind in {Kind.WIDGET, Kind.UPLOAD, Kind.SHARED}
    found = {"Cross-Origin-Resource-Policy": "cross-origin" if is_for_others else "same-origin"}
    if kind in {Kind.PAGE, Kind.WIDGET, Kind.ADMIN}:
        found["Permissions-Policy"] = _permissions(kind)
    return found


def _permissions(kind: Kind) -> str:
    players = " ".join(("self", *(f'"{one}"' for one in VIDEO_FRAMES)))
    allowed = dict.fromkeys(UNUSED, "") | dict.fromkeys(PLAYING, "" if kind is Kind.WIDGET else players)
    allowed |= dict.fromkeys(PASSKEYS, "self" if kind is Kind.ADMIN else "")
    return ", ".join(f"{name}=({who})" for name, who in allowed.items())


def policy_of(kind: Kind) -> Directives:
    """The directives of the Content-Security-Policy."""
    if kind is Kind.PAGE:
        return _page()
    if kind is Kind.WIDGET:
        return _page() | {"frame-ancestors": ["*"], "frame-src": [NONE], "form-action": [NONE], "media-src": [NONE]}
    if kind is Kind.ADMIN:
        return _page() | _of_the_admin()
    nothing: Directives = {name: [NONE] for name in ("default-src", "base-uri", "form-action", "frame-ancestors")}
    return nothing | ({"sandbox": True} if kind is Kind.UPLOAD else {})


def _page() -> Directives:
    static, media = _static_origin(), [f"https://{settings.MEDIA_HOST}"] if settings.MEDIA_HOST else []
    return {
        "default-src": [NONE],
        "script-src": [SELF, *static],
        "style-src": [SELF, *static],
        "font-src": [SELF, *static],
        "img-src": [SELF, "data:", *static, *media],
        "media-src": [SELF, *media],
        "connect-src": [SELF],
        "frame-src": list(VIDEO_FRAMES),
        # Browsers hold a form to it along the redirects that answer it.
        "form-action": [SELF, *settings.PAYMENT_PAGES],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }


def _of_the_admin() -> Directives:
    """What Wagtail's admin does otherwise, each with its reason in docs/security.md."""
    page = _page()
    return {
        "style-src": [*page["style-src"], UNSAFE_INLINE],
        "img-src": [*page["img-src"], "blob:"],
        "frame-src": [SELF, *VIDEO_FRAMES],
        "frame-ancestors": [SELF],
        "form-action": [SELF],
    }


def _static_origin() -> list[str]:
    found = urlsplit(settings.STATIC_URL)
    return [f"{found.scheme}://{found.netloc}"] if found.netloc else []


@cache
def _admin_home() -> str:
    return reverse("wagtailadmin_home", urlconf=settings.ROOT_URLCONF)
