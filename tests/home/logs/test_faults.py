"""Faults told to Sentry: a real client, a server at the end of its socket, and nothing of the visitor in between."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory

from home.logs import faults, request_ids

sentry_sdk = pytest.importorskip("sentry_sdk")

NAME, EMAIL = "Wilhelmine Zéphyrin", "wilhelmine@courriel.example"


@pytest.fixture
def sink():
    """What was sent to it, as text."""
    heard = []

    class Sink(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args):
            pass

    server = HTTPServer(("127.0.0.1", 0), Sink)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield server.server_port, heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def connected(sink, settings):
    port, heard = sink
    settings.SENTRY_DSN, settings.SENTRY_RELEASE = f"http://key@127.0.0.1:{port}/1", "1.2.3"
    faults.connect()
    yield heard
    sentry_sdk.get_client().close(timeout=2)
    sentry_sdk.init()


def test_a_fault_is_told_without_who_met_it(connected, rf: RequestFactory):
    from django.http import HttpResponse

    def view(request):
        backer = {"name": NAME, "email": EMAIL}
        sentry_sdk.set_user({"email": EMAIL})
        try:
            raise ValueError(f"no row of {backer['email']} at /fr/ma/WyIxIiwwLDFd:abcdefghijklmnopqrstuvwxyz0/")
        except ValueError:
            sentry_sdk.capture_exception()
        return HttpResponse()

    answer = request_ids.RequestIdMiddleware(view)(rf.post("/", {"name": NAME}))
    sentry_sdk.flush(5)
    (told,) = connected
    assert "ValueError" in told and "1.2.3" in told and answer["X-Request-ID"] in told
    for secret in (*NAME.split(), EMAIL, "wilhelmine", "abcdefghijklmnopqrstuvwxyz0"):
        assert secret not in told


def test_an_error_of_the_log_is_told_masked(connected):
    import logging

    logging.getLogger("pledges.x").error("refused: %s", EMAIL)
    sentry_sdk.flush(5)
    assert "refused" in connected[0] and EMAIL not in connected[0]


def test_requests_keep_their_method_and_masked_address_alone():
    event = {
        "event_id": "abc",
        "user": {"ip_address": "203.0.113.9"},
        "request": {
            "method": "POST",
            "url": "https://x.example/fr/ma/WyIxIiwwLDFd:abcdefghijklmnopqrstuvwxyz0/",
            "data": {"name": NAME},
            "cookies": {"a": "b"},
            "headers": {"Cookie": "a=b"},
            "query_string": "key=1",
            "env": {"REMOTE_ADDR": "203.0.113.9"},
        },
    }
    assert faults.scrubbed(event) == {
        "event_id": "abc",
        "request": {"method": "POST", "url": "https://x.example/fr/ma/…/"},
    }


def test_nothing_is_told_where_nobody_is_named(settings):
    settings.SENTRY_DSN = ""
    before = sentry_sdk.get_client()
    faults.connect()
    assert sentry_sdk.get_client() is before


def test_a_name_without_the_package_is_refused_at_the_start(settings, monkeypatch):
    settings.SENTRY_DSN = "http://key@127.0.0.1:1/1"
    monkeypatch.setitem(__import__("sys").modules, "sentry_sdk", None)
    with pytest.raises(ImproperlyConfigured):
        faults.connect()
