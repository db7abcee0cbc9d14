"""The progress frame in a page of another site: seen, silent, and without a cookie."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

pytestmark = pytest.mark.browser

CAMPAIGN = """
import django; django.setup()
from home.models import Cooperative
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge
campaign = make_campaign(Cooperative.objects.get(slug="large"))
make_pledge(campaign, extra=22_000)
print(campaign.pk)
"""


@pytest.fixture
def other_site(stack):
    """A page at another origin which holds the code that « Partage » gives."""
    frame = stack.url(f"/fr/campagnes/{json.loads(stack.run('-c', CAMPAIGN))}/widget/?via=widget", "large")
    code = f'<iframe src="{frame}" title="Campagne" width="320" height="320" loading="lazy"></iframe>'

    class Blog(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>Un blogue</title><link rel=icon href=data:,>{code}".encode())

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Blog)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://blogue.localhost:{server.server_port}/"
    server.shutdown()


def test_the_frame_works_in_a_page_of_another_origin(chromium, stack, other_site):
    context = chromium.new_context(locale="fr-CA")
    page, said, asked = context.new_page(), [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("requestfailed", lambda request: said.append(request.url))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(other_site)
    frame = page.frame_locator("iframe")
    shown = frame.locator("main").inner_text().replace("\u00a0", " ")
    assert "250 $" in shown
    assert "(25 %)" in shown
    assert frame.locator("svg.bar").is_visible()
    link = frame.locator("a.btn")
    box = link.bounding_box()
    assert box["y"] + box["height"] <= page.locator("iframe").bounding_box()["y"] + 320
    with context.expect_page() as opened:
        link.click()
    opened.value.wait_for_load_state()
    assert opened.value.url == stack.url("/fr/remettre-la-meule-en-marche/?via=widget", "large")
    assert page.url == other_site
    assert said == []
    assert context.cookies() == []
    assert [url for url in asked if not url.startswith((other_site, stack.url("/", "large"), "data:"))] == []
    context.close()
