"""What Wagtail starts by a script in the page starts all the same where none may run. Served in this process."""

import os

import pytest
from django.test import Client
from django.urls import reverse

from home.models import User
from tests.journeys import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOST = "http://meule.localhost"

#: Playwright has a loop of its own in this thread, from its start to the end of the session.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def page(cooperative, chromium):
    """A superuser's, whose every request the test client answers."""
    client = Client(HTTP_HOST=cooperative.site.hostname, raise_request_exception=False)
    client.force_login(User.objects.create_superuser("root@tremplin.example", "secret"))

    def answer(route):
        path = route.request.url.removeprefix(HOST)
        said = client.get(path, headers={"x-requested-with": route.request.headers.get("x-requested-with", "")})
        body = b"".join(said.streaming_content) if said.streaming else said.content
        route.fulfill(status=said.status_code, headers=dict(said.items()), body=body)

    page = chromium.new_context(locale="fr-CA", viewport={"width": 1280, "height": 1000}).new_page()
    page.route("**/*", answer)
    page.set_default_timeout(60_000)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    return page


def test_choosers_dates_and_lists_of_forms(page, chromium):
    page.goto(f"{HOST}/admin/redirects/add/")
    page.locator(".page-chooser .chooser__choose-button").first.click()
    page.locator(".modal-dialog .page-results").wait_for()
    page.goto(f"{HOST}{reverse('pledges_taxes')}")
    page.locator(".xdsoft_datetimepicker").first.wait_for(state="attached")
    page.goto(f"{HOST}/admin/federations/new/")
    page.locator("#id_points-ADD").click()
    page.locator("#id_points-FORMS [name^=points-0-]").first.wait_for(state="attached")
    assert page.locator("template[data-starts]").count() == 0
    assert page.errors == []
    assert violations.taken(chromium) == []
