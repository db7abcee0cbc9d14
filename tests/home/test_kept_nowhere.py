"""Keys of signed links: kept by nothing on the way, and in no line of a log."""

import io
import logging
from datetime import timedelta

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import translation

from home import links
from home.kept_nowhere import KEYS, is_keyed
from home.logs.lines import PlainLines
from tests.canary.routes import walk

WORDS = {"token": "x", "key": "8a6e0804-2bd0-4672-b79d-d97027f9071a"}


@pytest.fixture
def token():
    return links.sign("contribution", "12", lasts=timedelta(days=1))


def test_a_key_is_masked_wherever_it_stands(token):
    for text in (
        f"GET /fr/contribuer/ma/{token}/donnees/?sent HTTP/1.1",
        f"Not Found: /fr/contribuer/ma/{token.replace(':', '%3A')}/x",
        f"https://meule.example/en/unsubscribe/{token}",
        f"?go={token}&via=x",
        f"/fr/contribuer/retour/{WORDS['key']}/?{token}",
        f"/admin/password_reset/confirm/MQ/c8x9yz-{'0a' * 16}/",
        f"{'k' * 43}:{token.rpartition(':')[2]}",
        f"/en/brand/trial/.eJw:1tQ2Xy:{token.rpartition(':')[2]}.css",
    ):
        said = links.masked(text)
        assert links.holds_secret(text)
        assert "…" in said, text
        assert not links.holds_secret(said)
        assert token.rpartition(":")[2] not in said
        assert "0a0a" not in said and WORDS["key"] not in said


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T12:00:00 home.mail:Handover",
        "http://localhost:8000/fr/campagnes/moulin-a-farine-de-la-meule-commune/?via=a-rather-long-name-of-a-link",
        "/static/css/components.0123456789abcdef0123456789abcdef.css",
        "event evt_1 of 8a6e0804-2bd0-4672-b79d-d97027f9071a: refused",
        "checkout 12 could not be read back: timeout:2",
    ],
)
def test_what_is_no_key_stays(text):
    assert links.masked(text) == text


@pytest.mark.parametrize("text", ["x" * 1_000_000, "x:" * 500_000, "/" * 1_000_000, "a%3A" * 250_000, "0-" * 500_000])
def test_a_text_of_any_length_is_read_once(text):
    """A search that went back over what it had read would take hours for these."""
    assert links.masked(text) == text


@pytest.mark.django_db
def test_every_address_with_a_key_is_told_to_nobody(on_host, cooperative):
    visitor, asked = on_host(cooperative), 0
    for route in walk():
        path, names = route.shape
        if not KEYS & set(names) or route.is_admin:
            continue
        asked += 1
        url = path % {name: WORDS.get(name, "1") for name in names}
        for answer in (visitor.get(url), visitor.post(url)):
            assert answer["Referrer-Policy"] in ("strict-origin", "no-referrer"), url
            assert answer["Cache-Control"] == "no-store, private", url
            assert answer["X-Robots-Tag"] == "noindex, nofollow", url
    assert asked > 50


@pytest.mark.django_db
def test_what_leads_nowhere_and_a_former_host_keep_it_too(on_host, cooperative, token):
    visitor = on_host(cooperative)
    for answer in (
        visitor.get(f"/fr/nulle/part/{token}/"),
        visitor.get("/fr/", {"go": token}),
        visitor.get(f"/fr/contribuer/ma/{token}/", HTTP_HOST="inconnu.localhost"),
        visitor.put(f"/fr/contribuer/ma/{token}/"),
    ):
        assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("no-store, private", "strict-origin")
    assert "Referrer-Policy" in visitor.get("/fr/") and visitor.get("/fr/")["Referrer-Policy"] == "same-origin"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "status"), [("https://meule.localhost/", 410), ("", 403), ("https://evil.example/", 403)]
)
def test_the_host_alone_is_enough_for_the_check_of_a_form_over_https(cooperative, token, told, status):
    """What a browser tells under `strict-origin`, where it sends no Origin."""
    visitor = Client(HTTP_HOST=cooperative.site.hostname, enforce_csrf_checks=True)
    with translation.override("fr"):
        path = reverse("contribution_settings", args=[token])
    visitor.get("/fr/contribuer/lien/", secure=True)
    data = {"csrfmiddlewaretoken": visitor.cookies["csrftoken"].value}
    headers = {"referer": told} if told else {}
    assert visitor.post(path, data, secure=True, headers=headers).status_code == status


def test_an_address_is_known_as_keyed_before_it_is_resolved(token):
    assert is_keyed(RequestFactory().get(f"/x/{token}"))
    assert not is_keyed(RequestFactory().get("/fr/campagnes/moulin/"))


def _logged(record):
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(PlainLines())
    handler.handle(record)
    return written.getvalue()


def _fault(token):
    try:
        raise ValueError(f"nothing at /fr/contribuer/ma/{token}/")
    except ValueError as error:
        return (type(error), error, error.__traceback__)


def test_no_line_of_a_log_holds_a_key_whoever_writes_it(token):
    path = f"/fr/contribuer/ma/{token}/"
    line = _logged(logging.makeLogRecord({"msg": "%s: %s", "args": ("Gone", path), "exc_info": _fault(token)}))
    assert "Gone: /fr/contribuer/ma/…/" in line
    assert "Traceback" in line
    assert not links.holds_secret(line)
