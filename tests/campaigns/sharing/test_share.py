"""The share block, and the code in the address that it carries on."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.urls import reverse
from django.utils import translation

from campaigns.models import Campaign, CampaignPage, CampaignState
from home.tenancy import within


def full_url(campaign, language):
    with within(campaign.cooperative):
        pages = CampaignPage.objects.filter(translation_key=campaign.translation_key)
        return pages.get(locale__language_code=language).full_url


def field(html):
    return unescape(re.search(r'id="share-url" type="text" value="([^"]+)"', html).group(1))


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_block_offers_address_mail_and_code(campaign, visit, on_host, language):
    html = visit(campaign, language)
    assert field(html) == full_url(campaign, language)
    mail = urlsplit(unescape(re.search(r'href="(mailto:[^"]+)"', html).group(1)))
    said = parse_qs(mail.query)
    assert (mail.scheme, mail.path) == ("mailto", "")
    title = {"fr": "Remettre la meule en marche", "en": "Get the millstone turning"}[language]
    assert said["subject"] == [title]
    assert full_url(campaign, language) in said["body"][0].splitlines()
    picture = unescape(re.search(r'<img src="([^"]*qr[^"]*)"', html).group(1))
    answer = on_host(campaign.cooperative).get(picture)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert answer.content.startswith(b"<svg ")
    assert "max-age=86400" in answer["Cache-Control"]


@pytest.mark.usefixtures("inside")
def test_the_code_of_who_shared_travels_in_the_links_of_the_page(campaign, visit, client):
    html = visit(campaign, query="?via=la-boulangerie")
    assert field(html) == full_url(campaign, "en") + "?via=la-boulangerie"
    assert re.search(r'<a class="lang" href="[^"]+\?via=la-boulangerie"', html)
    assert "qr.svg?via=la-boulangerie" in html
    assert re.findall(r'href="(/en/campaigns/[^"]+/rewards/[^"]+)"', html) == [
        f"/en/campaigns/{campaign.pk}/rewards/{reward.pk}/?via=la-boulangerie" for reward in campaign.rewards.all()
    ]
    assert dict(client.cookies) == {}


@pytest.mark.usefixtures("inside")
def test_a_code_is_text_wherever_it_stands(campaign, visit):
    html = visit(campaign, query="?via=%22%3E%3Cscript%3Ealert(1)%3C/script%3E")
    assert "<script>alert" not in html
    assert parse_qs(urlsplit(field(html)).query) == {"via": ['"><script>alert(1)</script>']}


@pytest.mark.usefixtures("inside")
def test_nothing_is_loaded_from_elsewhere(campaign, visit):
    html = visit(campaign)
    loaded = re.findall(r'<(?:script|img|link rel="(?:stylesheet|icon)"|iframe)[^>]* (?:src|href)="([^"]+)"', html)
    assert [url for url in loaded if not url.startswith("/")] == []


def qr(campaign, language="fr"):
    with translation.override(language):
        return reverse("campaign_qr", args=[campaign.pk])


def test_the_code_says_the_address_in_the_language_asked_for(campaign, cooperative, on_host):
    client = on_host(cooperative)
    bodies = {client.get(qr(campaign, language) + via).content for language in ("fr", "en") for via in ("", "?via=a")}
    assert len(bodies) == 4


def test_what_is_not_public_has_no_code(campaign, cooperative, outsider, on_host):
    assert on_host(outsider).get(qr(campaign)).status_code == 404
    assert on_host(cooperative).get(qr(campaign)).status_code == 200
    with within(cooperative):
        Campaign.objects.update(state=CampaignState.APPROVED)
    assert on_host(cooperative).get(qr(campaign)).status_code == 404
