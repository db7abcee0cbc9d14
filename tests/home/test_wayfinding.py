"""From host and path to site and page: what Wagtail finds, in fewer queries."""

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from wagtail.models import Locale, PageViewRestriction, Site

from home import wayfinding
from home.models import TextPage
from home.tenancy import within
from tests.factories.campaigns import make_campaign, make_campaign_page
from tests.updates.making import campaign_page, make_update


def request_to(host):
    return RequestFactory(headers={"host": host}).get("/fr/", SERVER_PORT=host.partition(":")[2] or "80")


@pytest.mark.parametrize("host", ["meule.localhost", "meule.localhost:8000", "large.localhost", "nobody.localhost"])
@pytest.mark.parametrize("default", ["", "meule", "large"])
@pytest.mark.parametrize("twice", [False, True])
def test_the_site_is_the_one_that_wagtail_finds(cooperative, outsider, host, default, twice):
    Site.objects.filter(is_default_site=True).delete()
    Site.objects.filter(cooperative__slug=default).update(is_default_site=True)
    if twice:
        Site.objects.create(hostname="meule.localhost", port=9000, root_page=outsider.site.root_page)
        Site.objects.filter(cooperative=cooperative).update(port=8000)
    found = wayfinding.site_of(request_to(host))
    assert found == Site.find_for_request(request_to(host))


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
