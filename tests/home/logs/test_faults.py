"""Faults told to Sentry: a process with the real client, a server at the end of its socket, nothing of the visitor."""

import gzip
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import ROOT
from home.logs import faults

NAME, EMAIL, KEY = "Wilhelmine Zéphyrin", "wilhelmine@courriel.example", "abcdefghijklmnopqrstuvwxyz0"

#: A site that breaks while it holds what a visitor typed, and logs an error that names them.
SITE = f"""
import logging
from config.settings.test import *
ROOT_URLCONF = "breaking_urls"
MIDDLEWARE = ["home.logs.request_ids.RequestIdMiddleware", "allauth.account.middleware.AccountMiddleware"]

def breaks(request, token):
    backer = {{"name": request.POST["name"], "email": "{EMAIL}"}}
    logging.getLogger("pledges.x").error("refused: %s", backer["email"])
    raise ValueError("no row of " + backer["email"] + " at " + request.path)

def run():
    import django
    django.setup()
    import sentry_sdk
    from django.test import Client
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "{KEY}"
    answer = client.post("/fr/WyIxIiwwLDFd:{KEY}/?email={EMAIL}", {{"name": "{NAME}"}})
    sentry_sdk.flush(10)
    print(answer.status_code, answer["X-Request-ID"])
"""
URLS = """
from django.urls import path
handler500 = "home.views.server_error"
from breaking import breaks
urlpatterns = [path("fr/<str:token>/", breaks)]
"""


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


def test_faults_are_told_without_who_met_them(sink, tmp_path):
    pytest.importorskip("sentry_sdk")
    port, heard = sink
    (tmp_path / "breaking.py").write_text(SITE)
    (tmp_path / "breaking_urls.py").write_text(URLS)
    done = subprocess.run(
        [sys.executable, "-c", "import breaking; breaking.run()"],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "breaking", "PYTHONPATH": f"{tmp_path}:{ROOT}:{ROOT / 'site'}",
            "SENTRY_DSN": f"http://key@127.0.0.1:{port}/1", "SENTRY_RELEASE": "1.2.3",
        },
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    status, name = done.stdout.split()
    told = "\n".join(heard)
    assert status == "500" and len(heard) >= 2
    assert "ValueError" in told and "refused" in told and "1.2.3" in told and name in told
    for secret in (*NAME.split(), "wilhelmine", KEY, "Z\\u00e9phyrin"):
        assert secret not in told


def test_requests_keep_their_method_and_masked_address_alone():
    event = {
        "event_id": "abc",
        "user": {"ip_address": "203.0.113.9"},
        "request": {
            "method": "POST",
            "url": f"https://x.example/fr/ma/WyIxIiwwLDFd:{KEY}/",
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


def test_nothing_is_needed_where_nobody_is_named(settings, monkeypatch):
    settings.SENTRY_DSN = ""
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    faults.connect()


def test_a_name_without_the_package_is_refused_at_the_start(settings, monkeypatch):
    settings.SENTRY_DSN = "http://key@127.0.0.1:1/1"
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(ImproperlyConfigured):
        faults.connect()
