"""The public figures for other sites: as JSON and as a frame, without cookie, login, or anything of another's."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from campaigns.models import Campaign, CampaignPage, CampaignState
from home.tenancy import within
from pledges.enums import PledgeState
from tests.campaigns.reading import words
from tests.factories.campaigns import make_campaign, make_campaign_page
from tests.factories.pledges import make_pledge

VIEWS = ["campaign_figures", "campaign_widget"]


def address(name, campaign, language="fr"):
    with translation.override(language):
        return reverse(name, args=[campaign.pk])


def test_the_figures_are_those_of_the_page(campaign, cooperative, on_host):
    make_pledge(campaign)
    make_pledge(campaign, paid=False, extra=500)
    make_pledge(campaign, state=PledgeState.CANCELLED)
    response = on_host(cooperative).get(address("campaign_figures", campaign))
    with within(cooperative):
        page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    assert response.json() == {
        "campaign": campaign.pk,
        "title": "Remettre la meule en marche",
        "url": page.full_url,
        "language": "fr-CA",
        "cooperative": "La Meule commune",
        "state": "live",
        "funding_model": "all_or_nothing",
        "currency": "CAD",
        "goal_unit": "money",
        "goal": 100_000,
        "units": 0,
        "pledged": 6_500,
        "collected": 3_000,
        "percent": 6,
        "backers": 2,
        "deadline": campaign.deadline.isoformat(),
    }
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cache-Control"] == "public, max-age=60"
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("name", VIEWS)
def test_each_language_has_its_own(campaign, cooperative, on_host, name):
    bodies = [on_host(cooperative).get(address(name, campaign, one)).content.decode() for one in ("fr", "en")]
    assert ["Get the millstone turning" in body for body in bodies] == [False, True]


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_nothing_but_reading(campaign, cooperative, on_host, name, method):
    assert getattr(on_host(cooperative), method)(address(name, campaign)).status_code == 405


@pytest.mark.parametrize("name", VIEWS)
def test_no_cookie_and_no_answer_that_depends_on_one(campaign, cooperative, on_host, name):
    client = on_host(cooperative)
    response = client.get(address(name, campaign))
    assert dict(client.cookies) == {}
    assert "cookie" not in response.get("Vary", "").lower()


@pytest.mark.parametrize("name", VIEWS)
def test_another_cooperative_s_campaign_is_not_found(campaign, outsider, on_host, name):
    theirs = make_campaign(outsider, title="La leur")
    assert on_host(outsider).get(address(name, campaign)).status_code == 404
    assert on_host(outsider).get(address(name, theirs)).status_code == 200


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("state", [CampaignState.DRAFT, CampaignState.IN_REVIEW, CampaignState.APPROVED])
def test_a_campaign_still_being_prepared_is_not_found(campaign, cooperative, on_host, name, state):
    with within(cooperative):
        Campaign.objects.update(state=state)
    assert on_host(cooperative).get(address(name, campaign)).status_code == 404


@pytest.mark.parametrize("name", VIEWS)
def test_a_campaign_whose_pages_are_offline_or_none_at_all_is_not_found(campaign, cooperative, on_host, name):
    with within(cooperative):
        for page in CampaignPage.objects.filter(translation_key=campaign.translation_key):
            page.unpublish()
        make_campaign_page(cooperative, title="Brouillon", publish=False)
    client = on_host(cooperative)
    assert client.get(address(name, campaign)).status_code == 404
    for number in (campaign.pk + 1, 10**30):
        with translation.override("fr"):
            assert client.get(reverse(name, args=[number])).status_code == 404


def test_the_frame_may_stand_anywhere_and_the_page_may_not(campaign, cooperative, on_host):
    client = on_host(cooperative)
    frame = client.get(address("campaign_widget", campaign, "en"))
    assert "frame-ancestors *" in frame["Content-Security-Policy"].split("; ")
    assert "X-Frame-Options" not in frame
    assert frame["X-Robots-Tag"] == "noindex"
    page = client.get("/en/")
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"].split("; ")


def test_the_frame_says_how_far_and_leads_to_the_campaign_in_a_new_tab(campaign, cooperative, on_host):
    make_pledge(campaign, extra=7_000)
    html = on_host(cooperative).get(address("campaign_widget", campaign, "en") + "?via=widget").content.decode()
    read = words(html.split("<main")[1])
    assert "$100 pledged of $1,000 (10%)" in read
    assert "1 person has contributed · " in read
    link = re.search(r'<a class="btn" href="([^"]+)" target="_blank" rel="noopener">', html).group(1)
    assert re.fullmatch(r"http://meule\.localhost/en/[^?]+\?via=widget", link)
    assert "<script" not in html


@pytest.mark.parametrize("name", VIEWS)
def test_the_queries_are_few_whatever_the_pledges(campaign, cooperative, on_host, name):
    client, counts = on_host(cooperative), []
    for _ in range(2):
        make_pledge(campaign)
        client.get(address(name, campaign))
        with CaptureQueriesContext(connection) as captured:
            client.get(address(name, campaign))
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 9
