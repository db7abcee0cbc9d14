"""What search engines are told of a host."""

import urllib.robotparser
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from campaigns.models import Campaign, CampaignPage, CampaignState
from home.tenancy import within
from tests.factories.campaigns import make_campaign, make_campaign_page
from tests.updates.making import make_update

SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"


def sitemap(client):
    """Each address, with the addresses of its twins by language."""
    response = client.get("/sitemap.xml")
    assert (response.status_code, response["Content-Type"]) == (200, "application/xml")
    return {
        url.find(f"{SITEMAP}loc").text: {
            link.get("hreflang"): link.get("href") for link in url.findall(f"{XHTML}link[@rel='alternate']")
        }
        for url in ElementTree.fromstring(response.content)
    }


def addresses(campaign):
    with within(campaign.cooperative):
        pages = CampaignPage.objects.filter(translation_key=campaign.translation_key).select_related("locale")
        return {page.locale.language_code: page.full_url for page in pages}


def test_every_live_page_of_the_host_in_both_languages_and_no_other(cooperative, outsider, on_host):
    ours, theirs = make_campaign(cooperative), make_campaign(outsider, title="La leur")
    make_campaign_page(cooperative, title="Un brouillon", publish=False)
    fr, en = addresses(ours)["fr"], addresses(ours)["en"]
    root = "http://meule.localhost"
    assert sitemap(on_host(cooperative)) == {
        f"{root}/fr/": {"fr-CA": f"{root}/fr/", "en-CA": f"{root}/en/"},
        f"{root}/en/": {"fr-CA": f"{root}/fr/", "en-CA": f"{root}/en/"},
        fr: {"fr-CA": fr, "en-CA": en},
        en: {"fr-CA": fr, "en-CA": en},
    }
    assert set(addresses(theirs).values()) <= set(sitemap(on_host(outsider)))


def test_a_page_without_a_twin_names_none(cooperative, on_host):
    campaign = make_campaign(cooperative, bilingual=False)
    assert sitemap(on_host(cooperative))[addresses(campaign)["fr"]] == {}


@pytest.mark.usefixtures("inside")
def test_a_campaign_still_being_prepared_is_not_listed_nor_what_stands_below_it(campaign, cooperative, on_host):
    make_update(campaign, title="La pierre est là")
    listed = set(sitemap(on_host(cooperative)))
    Campaign.objects.update(state=CampaignState.APPROVED)
    left = set(sitemap(on_host(cooperative)))
    assert left == {"http://meule.localhost/fr/", "http://meule.localhost/en/"}
    assert len(listed) == 6


def queries_of(client):
    client.get("/sitemap.xml")
    with CaptureQueriesContext(connection) as captured:
        client.get("/sitemap.xml")
    return len(captured)


def test_the_map_s_queries_do_not_grow_with_pages(cooperative, on_host):
    client = on_host(cooperative)
    make_campaign(cooperative)
    one = queries_of(client)
    for title in ("Deux", "Trois"):
        make_campaign(cooperative, title=title)
    assert queries_of(client) == one


def test_robots_lead_to_the_map_and_keep_out_of_what_is_not_for_them(campaign, cooperative, on_host):
    response = on_host(cooperative).get("/robots.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    rules = urllib.robotparser.RobotFileParser()
    rules.parse(response.content.decode().splitlines())
    assert rules.site_maps() == ["http://meule.localhost/sitemap.xml"]
    closed = ["/admin/"]
    for language in ("fr", "en"):
        with translation.override(language):
            closed += [
                reverse("contribute", args=[campaign.pk]),
                reverse("contribution", args=["x"]),
                reverse("unsubscribe", args=["x"]),
                reverse("campaign_preview", args=["x"]),
            ]
    assert [path for path in closed if rules.can_fetch("*", path)] == []
    assert all(rules.can_fetch("*", url) for url in ["/fr/", "/en/", *addresses(campaign).values()])
