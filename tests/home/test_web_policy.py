"""The headers of each class of answer, whole: what browsers may do with it, and who may show it."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path, reverse
from django.utils import translation

from campaigns.blocks.video import video_embed
from config import ROOT, urls
from config.settings import browsers_https
from home import web_policy
from home.models import Role
from pledges.links import contribution_token
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge
from tests.inline import scripts_in, styles_in

pytestmark = pytest.mark.django_db

#: Of the answer itself, not of what may be done with it.
OF_THE_BODY = {"Content-Length", "Content-Language", "Content-Disposition", "ETag", "Last-Modified", "Expires", "Vary"}
OF_THE_BODY |= {"Server-Timing", "Content-Encoding", "Accept-Ranges", "X-Request-ID"}

EVERY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
HTML = {"Content-Type": "text/html; charset=utf-8"}
DENIED = {"X-Frame-Options": "DENY"}
OURS, SHARED = ({"Cross-Origin-Resource-Policy": one} for one in ("same-origin", "cross-origin"))

UNUSED = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), "
    "midi=(), payment=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=(), "
)
PLAYERS = '=(self "https://www.youtube-nocookie.com" "https://player.vimeo.com")'
PLAYING = ("autoplay", "encrypted-media", "fullscreen", "picture-in-picture")
PLAYED = UNUSED + "".join(f"{one}{PLAYERS}, " for one in PLAYING)
NO_KEYS = "publickey-credentials-create=(), publickey-credentials-get=()"
KEYS = "publickey-credentials-create=(self), publickey-credentials-get=(self)"

FRAMES = "https://www.youtube-nocookie.com https://player.vimeo.com"
PAGE_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "font-src": "'self'",
    "img-src": "'self' data:",
    "media-src": "'self'",
    "connect-src": "'self'",
    "frame-src": FRAMES,
    "form-action": "'self' https://checkout.stripe.com",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
}
ADMIN_POLICY = PAGE_POLICY | {
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "frame-src": f"'self' {FRAMES}",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
WIDGET_POLICY = PAGE_POLICY | {
    "frame-ancestors": "*", "frame-src": "'none'", "form-action": "'none'", "media-src": "'none'",
}  # fmt: skip
FILE_POLICY = dict.fromkeys(("default-src", "base-uri", "form-action", "frame-ancestors"), "'none'")

PAGE = EVERY | HTML | DENIED | OURS | {"Permissions-Policy": PLAYED + NO_KEYS, "policy": PAGE_POLICY}
NEVER = {"Cache-Control": "max-age=0, must-revalidate, no-cache, no-store, private"}
KEPT = {"Cache-Control": "max-age=0, public, s-maxage=1, stale-while-revalidate=1"}
ADMIN = EVERY | HTML | OURS | NEVER | {
    "X-Frame-Options": "SAMEORIGIN", "Permissions-Policy": PLAYED + KEYS, "policy": ADMIN_POLICY,
}  # fmt: skip
WIDGET = EVERY | HTML | SHARED | {
    "Permissions-Policy": UNUSED + "".join(f"{one}=(), " for one in PLAYING) + NO_KEYS,
    "Cache-Control": "max-age=60, public", "X-Robots-Tag": "noindex", "policy": WIDGET_POLICY,
}  # fmt: skip
DATA = EVERY | DENIED | OURS | {"policy": FILE_POLICY}
FOR_OTHERS = EVERY | DENIED | SHARED | {"policy": FILE_POLICY}


@pytest.fixture(autouse=True)
def over_https(settings):
    for name in dir(browsers_https):
        if name.isupper():
            setattr(settings, name, getattr(browsers_https, name))


@pytest.fixture
def ask(cooperative):
    """What the answer to a request over HTTPS says, its policy taken apart."""

    def asked(where, client=None, status=200, method="get", host=cooperative.site.hostname, **data):
        client = client or Client(raise_request_exception=False)
        answer = getattr(client, method)(where, data, headers={"host": host}, secure=True)
        assert answer.status_code == status, where
        said = {name: value for name, value in answer.items() if name not in OF_THE_BODY}
        if "Cache-Control" in said:
            said["Cache-Control"] = ", ".join(sorted(said["Cache-Control"].split(", ")))
        parts = [one.partition(" ") for one in said.pop("Content-Security-Policy").split("; ")]
        return said | {"policy": {name: value for name, _space, value in parts}}

    return asked


def url(name, *args):
    with translation.override("en"):
        return reverse(name, args=args)


def test_pages_for_visitors(campaign, ask):
    for where in ("/fr/", "/en/", url("campaign_index"), url("contribute", campaign.pk)):
        said = ask(where)
        said.pop("Cache-Control", None)
        assert said == PAGE, where


def test_a_kept_page_has_them_too(campaign, ask, settings):
    settings.PAGE_CACHE = True
    where = url("campaign_index")
    assert [ask(where), ask(where)] == [PAGE | KEPT] * 2


def test_a_page_opened_by_a_key_is_kept_nowhere_as_well(campaign, ask):
    said = ask(url("contribution", contribution_token(make_pledge(campaign))))
    referrer = said.pop("Referrer-Policy")
    assert referrer in {"no-referrer", "strict-origin"}
    assert "no-store" in said.pop("Cache-Control")
    expected = {name: value for name, value in PAGE.items() if name != "Referrer-Policy"}
    assert {name: value for name, value in said.items() if name != "X-Robots-Tag"} == expected


def test_only_the_widget_may_be_framed(campaign, ask):
    assert ask(url("campaign_widget", campaign.pk)) == WIDGET


def test_the_admin_and_its_log_in(cooperative, ask):
    client = Client()
    assert ask("/admin/login/", client) == ADMIN
    client.force_login(make_user(cooperative, Role.EDITOR))
    assert ask("/admin/", client) == ADMIN


def test_what_is_no_page(campaign, ask):
    figures = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
    assert ask(url("campaign_figures", campaign.pk)) == FOR_OTHERS | figures | {"Cache-Control": "max-age=60, public"}
    assert ask("/healthz") == DATA | {"Content-Type": "text/plain"}
    assert ask("/robots.txt") == FOR_OTHERS | {
        "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "max-age=3600, public",
    }  # fmt: skip


def test_files_of_ours_and_of_editors(ask):
    assert ask("/static/js/copy.js") == FOR_OTHERS | {
        "Content-Type": 'text/javascript; charset="utf-8"', "Access-Control-Allow-Origin": "*",
        "Cache-Control": "max-age=60, public",
    }  # fmt: skip
    name = default_storage.save("images/four.png", ContentFile(b"x"))
    policy = FILE_POLICY | {"sandbox": ""}
    kept = {"Content-Type": "image/png", "Cache-Control": "max-age=2592000, public", "policy": policy}
    assert ask(f"/media/{name}") == FOR_OTHERS | kept


def broken(request: HttpRequest) -> HttpResponse:
    raise ZeroDivisionError


urlpatterns = [path("fr/broken/", broken), *urls.urlpatterns]
handler500 = urls.handler500


def test_errors_and_refusals(cooperative, ask):
    assert ask("/fr/rien-ici/", status=404) == PAGE
    assert ask("/fr/", status=404, host="ailleurs.example") == PAGE
    strict = Client(enforce_csrf_checks=True)
    refused = ask(url("contribution_link"), strict, 403, "post")
    refused.pop("Cache-Control", None)
    assert refused == PAGE
    with override_settings(ROOT_URLCONF=__name__):
        assert ask("/fr/broken/", status=500) == PAGE


def test_every_answer_is_led_to_https_first(cooperative):
    answer = Client(headers={"host": cooperative.site.hostname}).get("/fr/")
    assert (answer.status_code, answer["Location"]) == (301, f"https://{cooperative.site.hostname}/fr/")


def test_other_hosts_of_ours_are_named(cooperative, ask, settings):
    settings.STATIC_URL, settings.MEDIA_HOST = "https://static.example.org/static/", "media.example.org"
    settings.PAYMENT_PAGES = ["https://checkout.stripe.com", "https://pay.example.org"]
    policy = web_policy.policy_of(web_policy.Kind.PAGE)
    static, media = "https://static.example.org", "https://media.example.org"
    assert policy["script-src"] == policy["style-src"] == policy["font-src"] == ["'self'", static]
    assert (policy["img-src"], policy["media-src"]) == (["'self'", "data:", static, media], ["'self'", media])
    assert policy["form-action"] == ["'self'", *settings.PAYMENT_PAGES]


def test_every_player_is_among_those_that_may_be_framed():
    for address in ("https://youtu.be/dQw4w9WgXcQ", "https://vimeo.com/76979871"):
        assert video_embed(address).startswith(tuple(f"{one}/" for one in web_policy.VIDEO_FRAMES)), address


def test_every_cookie_is_this_host_s_alone(cooperative):
    client = Client(headers={"host": cooperative.site.hostname})
    user = make_user(cooperative, Role.EDITOR)
    client.get("/admin/login/", secure=True)
    client.post("/admin/login/", {"login": user.email, "password": "secret"}, secure=True)
    client.post("/admin/account/", {"locale-preferred_language": "fr"}, secure=True)
    client.get("/admin/logout/", secure=True)
    names = set(client.cookies)
    assert names >= {"__Host-sessionid", "__Host-csrftoken"}
    for name, one in client.cookies.items():
        assert name.startswith("__Host-"), name
        assert (one["secure"], one["httponly"], one["path"], one["domain"]) == (True, True, "/", ""), name
        assert one["samesite"] == "Lax", name


def test_no_template_holds_a_script_or_a_style():
    pages = [one for one in (ROOT / "templates").rglob("*.html") if "emails" not in one.parts]  # mails need styles
    found = {one.name: held for one in pages if (held := scripts_in(text := one.read_text()) + styles_in(text))}
    assert found == {}
    assert len(pages) > 100


def test_what_is_looked_for_is_found():
    held = ["<script>x()</script>", '<a onclick="x()">', '<a href="javascript:x()">', "<script type=module>x"]
    assert [bool(scripts_in(one)) for one in held] == [True] * 4
    assert [bool(styles_in(one)) for one in ("<style>", '<p style="color:red">')] == [True] * 2
    assert scripts_in('<script src="x.js"></script><script type="application/json">{}</script>') == []
