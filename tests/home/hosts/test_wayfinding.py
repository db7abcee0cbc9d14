"""From host and path to site and page: what Wagtail finds, in fewer queries."""

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from wagtail.models import Locale, PageViewRestriction, Site

from home.hosts import wayfinding
from home.models import Role, TextPage
from home.tenancy import within
from tests.factories.campaigns import make_campaign, make_campaign_page
from tests.factories.cooperatives import make_user
from tests.updates.making import campaign_page, make_update


def request_to(host):
    return RequestFactory(headers={"host": host}).get("/fr/", SERVER_PORT=host.partition(":")[2] or "80")


@pytest.mark.parametrize("host", ["meule.localhost", "Meule.LOCALHOST.", "meule.localhost:8000", "large.localhost:443"])
@pytest.mark.parametrize("default", ["", "meule", "large"])
def test_a_host_is_known_by_its_name_however_it_is_written(cooperative, outsider, host, default):
    Site.objects.filter(is_default_site=True).delete()
    Site.objects.filter(cooperative__slug=default).update(is_default_site=True)
    Site.objects.filter(cooperative=cooperative).update(hostname="meule.LOCALhost", port=8000)
    expected = outsider if host.startswith("large") else cooperative
    assert wayfinding.site_of(request_to(host)).cooperative == expected


def test_the_port_decides_where_a_name_has_several_sites(cooperative, outsider):
    second = Site.objects.create(hostname="meule.localhost", port=9000, root_page=outsider.site.root_page)
    Site.objects.filter(cooperative=outsider).update(is_default_site=True)
    hosts = ["meule.localhost", "meule.localhost:9000", "meule.localhost:8000"]
    assert [wayfinding.site_of(request_to(host)) for host in hosts] == [cooperative.site, second, None]


@pytest.mark.parametrize("host", ["nobody.localhost", "evil.meule.localhost", "meule.localhost.evil.example", "[::1]"])
def test_an_unknown_host_is_not_found_whatever_is_asked(cooperative, outsider, host):
    """A default site, what a proxy is said to have seen, a session of elsewhere: nothing opens one."""
    Site.objects.filter(is_default_site=True).delete()
    Site.objects.filter(cooperative=outsider).update(is_default_site=True)
    campaign = make_campaign(outsider)
    client = Client(HTTP_HOST=host, HTTP_X_FORWARDED_HOST=outsider.site.hostname, HTTP_FORWARDED="host=large.localhost")
    client.force_login(make_user(outsider, is_superuser=True))
    slug = campaign_page(campaign).slug
    paths = ["/", "/fr/", f"/fr/{slug}/", f"/fr/{slug}", "/admin/", "/admin/login/", "/sitemap.xml", "/robots.txt"]
    answers = [client.get(path) for path in [*paths, "/documents/1/x.pdf", "/favicon.ico", "/fr/brand/1.css"]]
    assert {answer.status_code for answer in answers} == {404}
    assert not [answer for answer in answers if outsider.name in answer.content.decode()]
    assert client.post("/fr/", {"x": 1}).status_code == 404


def test_a_proxy_cannot_lend_the_name_of_another(cooperative, outsider):
    headers = {"HTTP_X_FORWARDED_HOST": outsider.site.hostname, "HTTP_HOST": cooperative.site.hostname}
    html = Client(**headers).get("/fr/").content.decode()
    assert (cooperative.name in html, outsider.name in html) == (True, False)


def test_cookies_are_the_host_s_alone(cooperative):
    """A cookie with a domain would be sent to the hosts of others below the same name."""
    client = Client(HTTP_HOST=cooperative.site.hostname)
    user = make_user(cooperative, Role.OWNER)
    client.get("/admin/login/")
    client.post("/admin/login/", {"login": user.email, "password": "secret"})
    client.post(reverse("sender_verification"))
    client.get("/fr/")
    client.post("/admin/logout/")
    assert {"csrftoken", "sessionid"} <= client.cookies.keys()
    assert {name: cookie["domain"] for name, cookie in client.cookies.items() if cookie["domain"]} == {}
    names = ("SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN", "LANGUAGE_COOKIE_DOMAIN")
    assert {name: getattr(settings, name) for name in names} == dict.fromkeys(names)


def test_site_cooperative_and_brand_come_in_one_query(cooperative, outsider):
    request = request_to("meule.localhost")
    with CaptureQueriesContext(connection) as captured:
        site = wayfinding.site_of(request)
        assert (site.cooperative, site.cooperative.site, site.brand.site) == (cooperative, site, site)
    assert len(captured) == 1


def test_the_same_slug_elsewhere_is_another_page(cooperative, outsider, on_host):
    ours, theirs = make_campaign_page(cooperative, title="Le four"), make_campaign_page(outsider, title="Le four")
    assert ours.slug == theirs.slug
    for place, page in ((cooperative, ours), (outsider, theirs)):
        assert on_host(place).get(f"/fr/{ours.slug}/").context["page"].pk == page.pk
        assert on_host(place).get(f"/fr/{ours.slug}/{ours.slug}/").status_code == 404
        assert on_host(place).get(f"/en/{ours.slug}/").status_code == 404


def test_a_path_of_a_thousand_steps_is_not_found(cooperative, on_host):
    assert on_host(cooperative).get("/fr/" + "a/" * 1000).status_code == 404


def test_an_update_is_found_below_its_campaign_only(cooperative, on_host):
    campaign = make_campaign(cooperative)
    with within(cooperative):
        update = make_update(campaign, title="La pierre est là")
        slug = campaign_page(campaign).slug
        other = make_campaign_page(cooperative, title="Un four")
    assert update.title_fr == "La pierre est là"
    assert on_host(cooperative).get(f"/fr/{slug}/la-pierre-est-la/").status_code == 200
    assert on_host(cooperative).get(f"/fr/{other.slug}/la-pierre-est-la/").status_code == 404
    assert on_host(cooperative).get("/fr/la-pierre-est-la/").status_code == 404


@pytest.mark.parametrize("where", ["page", "home", "root"])
def test_a_page_behind_a_password_stays_there(cooperative, on_host, where):
    campaign = make_campaign(cooperative)
    with within(cooperative):
        page = campaign_page(campaign)
    closed = {"page": page, "home": page.get_parent(), "root": page.get_root()}[where]
    client, path = on_host(cooperative), f"/fr/{page.slug}/"
    assert page.title in client.get(path).content.decode()
    PageViewRestriction.objects.create(page=closed, restriction_type=PageViewRestriction.PASSWORD, password="farine")
    assert "Choisir ma contribution" not in client.get(path).content.decode()


def test_a_draft_of_a_text_is_in_no_footer(cooperative, on_host):
    with within(cooperative):
        for title, live in (("Conditions", True), ("Brouillon", False)):
            page = TextPage(title=title, live=live, locale=Locale.objects.get(language_code="fr"), body=[])
            cooperative.site.root_page.add_child(instance=page)
    html = on_host(cooperative).get("/fr/").content.decode()
    assert ">Conditions</a>" in html
    assert "Brouillon" not in html
