"""What an address asks for is followed on this host only."""

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from wagtail.models import PageViewRestriction

from campaigns.models import CampaignPage
from home.leading_on import is_own, is_path, lead_away, own_or
from home.models import Role
from tests.factories.cooperatives import make_user, welcome
from tests.leading import led_to

pytestmark = pytest.mark.django_db

HOSTILE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:///evil.example",
    "https:evil.example",
    " https://evil.example",
    "/\t/evil.example",
    "\x00//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http://meule.localhost@evil.example/",
    "http://meule.localhost.evil.example/",
    "http://[evil",
    "http://large.localhost/admin/",
]


@pytest.fixture
def request_here(rf: RequestFactory):
    return rf.get("/fr/", headers={"host": "meule.localhost"})


@pytest.mark.parametrize("asked", [*HOSTILE, "", None])
def test_what_is_foreign_is_not_our_own(request_here, asked):
    assert not is_own(request_here, asked)
    assert not is_path(asked or "")
    for method in ("get", "post"):
        request = getattr(RequestFactory(), method)("/fr/", {"next": asked or ""}, headers={"host": "meule.localhost"})
        assert own_or(request, "/admin/") == "/admin/"


def test_what_is_ours_is(request_here):
    for asked in ("/admin/campaigns/?p=2", "http://meule.localhost/fr/"):
        assert is_own(request_here, asked)
    assert is_path("/admin/")
    over_https = RequestFactory().get("/fr/", headers={"host": "meule.localhost"}, secure=True)
    assert not is_own(over_https, "http://meule.localhost/fr/")


@pytest.mark.parametrize("asked", HOSTILE)
def test_no_door_leads_to_it(cooperative, outsider, campaign, asked):
    user = make_user(cooperative, Role.EDITOR)
    visitor = Client(HTTP_HOST=cooperative.site.hostname)
    in_to = visitor.post("/admin/login/", {"login": user.email, "password": "secret", "next": asked})
    assert (in_to.status_code, in_to["Location"]) == (302, "/admin/")
    assert visitor.get("/admin/login/", {"next": asked}).get("Location", "/admin/") == "/admin/"
    refused = visitor.post(reverse("my_cooperatives"), {"cooperative": cooperative.pk, "path": asked})
    assert refused["Location"] == "/admin/"  # the admin's way of refusing
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    closed = PageViewRestriction.objects.create(page=page, restriction_type="password", password="farine")
    door = reverse("wagtailcore_authenticate_with_password", args=[closed.pk, page.pk])
    opened = visitor.post(door, {"password": "farine", "return_url": asked})
    leads = opened.get("Location", "")
    assert "evil" not in leads and "large" not in leads and "script" not in leads


def test_what_leads_to_another_host_after_a_form_is_a_page(cooperative, outsider):
    user = make_user(cooperative, Role.EDITOR)
    welcome(user, outsider, Role.EDITOR)
    client = Client(HTTP_HOST=cooperative.site.hostname)
    client.force_login(user)
    page = client.post(reverse("my_cooperatives"), {"cooperative": outsider.pk})
    there = led_to(page)
    assert there.startswith(outsider.root_url + "/")
    assert f'href="{there}"' in page.content.decode()
    assert "no-store" in page["Cache-Control"]


def test_an_address_is_written_as_headers_are():
    there = lead_away(RequestFactory().get("/fr/"), "https://bank.example/?b=é")
    assert (there.status_code, there["Location"]) == (302, "https://bank.example/?b=%C3%A9")
