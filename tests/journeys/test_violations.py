"""What every other journey counts on: a page that does what its policy forbids is noticed."""

import pytest

from tests.journeys import violations

pytestmark = pytest.mark.browser

HEADERS = {
    "Content-Type": "text/html",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'",
}


@pytest.mark.parametrize("host", ["meule.localhost", "localhost"])
def test_what_a_policy_forbids_is_noticed_on_our_pages(chromium, host):
    page = chromium.new_context().new_page()
    page.route("**/*", lambda route: route.fulfill(headers=HEADERS, body="<p style='color:red'>x<script>y()</script>"))
    page.goto(f"http://{host}/fr/")
    page.evaluate("() => new Promise(done => setTimeout(done, 50))")
    noted = "\n".join(violations.taken(chromium))
    for what in ("style-src-attr", "script-src-elem"):
        assert (what in noted) == (host == "meule.localhost"), what
