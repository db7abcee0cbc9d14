"""How a campaign and its tiers look where they are passed on: addresses, Open Graph, pictures, JSON-LD."""

import json
import re
from html import unescape
from io import BytesIO

import pytest
from django.core.cache import cache
from django.template import Context
from django.urls import reverse
from django.utils import translation
from PIL import Image
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from campaigns.models import Campaign, CampaignPage, CampaignState, Reward
from campaigns.sharing import drawing
from campaigns.templatetags import share_tags
from home import clock
from home.models import Brand
from home.tenancy import within
from pledges.templatetags import pledge_tags, social_tags
from pledges.totals import progress_of
from tests.campaigns.conftest import visit  # noqa: F401
from tests.factories.campaigns import make_campaign, make_campaign_page, tier
from tests.factories.pledges import make_pledge

#: Of schema.org's vocabulary (29.x), what may stand in each type that we write. Checked once against its definition.
VOCABULARY = {
    "Organization": {"name", "legalName", "url", "address", "telephone", "email"},
    "WebPage": {"url", "name", "description", "inLanguage", "primaryImageOfPage", "publisher", "about"},
    "Project": {"name", "description", "url", "image", "parentOrganization", "location", "makesOffer"},
    "Offer": {"name", "url", "price", "priceCurrency", "availability", "availabilityEnds", "seller"},
    "ImageObject": {"url"},
    "Place": {"name"},
}
AVAILABILITIES = {"https://schema.org/PreOrder", "https://schema.org/SoldOut"}


def meta(html):
    found = re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">', html)
    return {name: unescape(value) for name, value in found}


def json_ld(html):
    (text,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html, re.DOTALL)
    return json.loads(text)


def nodes(value):
    """Every node that has a type, however deep."""
    if isinstance(value, list):
        return [node for one in value for node in nodes(one)]
    if not isinstance(value, dict):
        return []
    below = [node for one in value.values() for node in nodes(one)]
    return [value, *below] if "@type" in value else below


def local(url):
    return url.split("localhost", 1)[1]


def reward_address(reward, language="en"):
    with translation.override(language):
        return reverse("campaign_reward", args=[reward.campaign_id, reward.pk])


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("language", "title", "locale", "other"),
    [
        ("fr", "Remettre la meule en marche", "fr_CA", "en_CA"),
        ("en", "Get the millstone turning", "en_CA", "fr_CA"),
    ],
)
def test_open_graph_in_the_language_of_the_page(campaign, visit, language, title, locale, other):  # noqa: F811
    html = visit(campaign, language, query="?via=boulangerie")
    said = meta(html)
    canonical = re.search(r'<link rel="canonical" href="([^"]+)">', html).group(1)
    assert {name: said[name] for name in said if "image" not in name} == {
        "og:type": "website",
        "og:site_name": "La Meule commune",
        "og:title": title,
        "og:description": "Onze fermes, un village et une pierre de 900 kg.",
        "og:url": canonical,
        "og:locale": locale,
        "og:locale:alternate": other,
        "twitter:card": "summary_large_image",
    }
    assert (said["og:image:width"], said["og:image:height"], said["og:image:alt"]) == ("1200", "630", title)


@pytest.mark.usefixtures("inside")
def test_the_picture_is_drawn_once_and_kept_for_ever(campaign, visit, on_host, monkeypatch):  # noqa: F811
    drawn = []
    monkeypatch.setattr(drawing, "draw", lambda affiche, real=drawing.draw: drawn.append(1) or real(affiche))
    url = local(meta(visit(campaign))["og:image"])
    client = on_host(campaign.cooperative)
    answers = [client.get(url) for _ in range(2)]
    assert {answer["Content-Type"] for answer in answers} == {"image/png"}
    assert answers[0]["Cache-Control"] == "public, max-age=31536000, immutable"
    assert Image.open(BytesIO(answers[0].content)).size == (1200, 630)
    assert len(drawn) == 1


@pytest.mark.usefixtures("inside")
def test_another_name_is_not_drawn_but_leads_to_today_s(campaign, visit, on_host):  # noqa: F811
    today = local(meta(visit(campaign))["og:image"])
    cache.clear()
    client = on_host(campaign.cooperative)
    for name in ("0-000000000000.png", "99-x.png", "i1.jpg", "..png", "é.png"):
        answer = client.get(today.rsplit("/", 1)[0] + "/" + name)
        assert (answer.status_code, answer["Location"]) == (302, today)
    assert cache.get(f"affiche:{today.rsplit('/', 1)[1]}") is None


@pytest.mark.usefixtures("inside")
def test_progress_gives_the_picture_a_new_address(campaign, visit, on_host):  # noqa: F811
    before = local(meta(visit(campaign))["og:image"])
    make_pledge(campaign, extra=9_000)
    after = local(meta(visit(campaign))["og:image"])
    assert (before.rsplit("/", 1)[1][:2], after.rsplit("/", 1)[1][:3]) == ("0-", "12-")
    assert on_host(campaign.cooperative).get(before)["Location"] == after


@pytest.mark.usefixtures("inside")
def test_the_editor_s_picture_wins(campaign, visit, on_host):  # noqa: F811
    image = get_image_model().objects.create(title="Affiche", file=get_test_image_file(size=(1600, 1200)))
    CampaignPage.objects.filter(locale__language_code="en").update(social_image=image)
    english, french = (local(meta(visit(campaign, one))["og:image"]) for one in ("en", "fr"))
    answer = on_host(campaign.cooperative).get(english)
    assert answer["Content-Type"] == "image/jpeg"
    assert Image.open(BytesIO(answer.content)).size == (1200, 630)
    assert on_host(campaign.cooperative).get(french)["Content-Type"] == "image/png"


@pytest.mark.usefixtures("inside")
def test_a_tier_s_address_shows_the_campaign_and_introduces_the_tier(campaign, on_host):
    reward = Reward.objects.get(position=1)
    html = on_host(campaign.cooperative).get(reward_address(reward) + "?via=boulangerie").content.decode()
    canonical = re.search(r'<link rel="canonical" href="([^"]+)">', html).group(1)
    page = CampaignPage.objects.get(locale__language_code="en", translation_key=campaign.translation_key)
    assert canonical == page.full_url
    said = meta(html)
    assert said["og:title"] == "The miller's box, $65 · Get the millstone turning"
    assert said["og:url"] == f"http://meule.localhost{reward_address(reward)}"
    assert f"/rewards/{reward.pk}/" in said["og:image"]
    part = html.split('aria-labelledby="t-introduced"')[1].split("</section>")[0]
    assert "The miller&#x27;s box" in part
    assert f'href="/en/contribute/{campaign.pk}/?reward={reward.pk}&amp;via=boulangerie"' in part
    picture = on_host(campaign.cooperative).get(local(said["og:image"]))
    assert Image.open(BytesIO(picture.content)).size == (1200, 630)


@pytest.mark.usefixtures("inside")
def test_a_tier_that_is_gone_or_retired_is_not_offered(campaign, on_host):
    client, reward = on_host(campaign.cooperative), Reward.objects.get(position=1)
    type(reward.stock).objects.update(promised=10)
    part = client.get(reward_address(reward)).content.decode().split('aria-labelledby="t-introduced"')[1]
    assert "Sold out" in part.split("</section>")[0]
    assert "Choose this reward" not in part.split("</section>")[0]
    Reward.objects.filter(pk=reward.pk).update(retired_at=clock.now())
    answer = client.get(reward_address(reward) + "?via=a")
    page = CampaignPage.objects.get(locale__language_code="en", translation_key=campaign.translation_key)
    assert (answer.status_code, answer["Location"]) == (302, local(page.full_url) + "?via=a")


def test_a_tier_in_a_language_without_a_page_leads_to_the_other(cooperative, on_host):
    campaign = make_campaign(cooperative, bilingual=False)
    with within(cooperative):
        reward = campaign.rewards.first()
    answer = on_host(cooperative).get(reward_address(reward))
    assert (answer.status_code, answer["Location"]) == (302, reward_address(reward, "fr"))


def test_tiers_and_pictures_of_others_are_not_found(campaign, cooperative, outsider, on_host):
    theirs, second = make_campaign(outsider, title="La leur"), make_campaign(cooperative, title="L’autre")
    with within(outsider):
        foreign = theirs.rewards.first()
    with within(cooperative):
        other, mine = second.rewards.first(), campaign.rewards.first()
    client = on_host(cooperative)
    with translation.override("fr"):
        wrong = [
            reverse("campaign_reward", args=[theirs.pk, foreign.pk]),
            reverse("campaign_reward", args=[campaign.pk, foreign.pk]),
            reverse("campaign_reward", args=[campaign.pk, other.pk]),
            reverse("campaign_image", args=[theirs.pk, "0-x.png"]),
            reverse("reward_image", args=[theirs.pk, foreign.pk, "0-x.png"]),
            reverse("reward_image", args=[campaign.pk, other.pk, "0-x.png"]),
        ]
        assert [client.get(url).status_code for url in wrong] == [404] * 6
        assert client.get(reverse("campaign_reward", args=[campaign.pk, mine.pk])).status_code == 200


def test_a_campaign_still_being_prepared_has_neither_tiers_nor_pictures(campaign, cooperative, on_host):
    with within(cooperative):
        reward = campaign.rewards.first()
        Campaign.objects.update(state=CampaignState.APPROVED)
    with translation.override("fr"):
        urls = [reward_address(reward, "fr"), reverse("campaign_image", args=[campaign.pk, "0-x.png"])]
    assert [on_host(cooperative).get(url).status_code for url in urls] == [404, 404]


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_json_ld_keeps_to_the_vocabulary(campaign, visit, language):  # noqa: F811
    type(Reward.objects.get(position=1).stock).objects.update(promised=10)
    data = json_ld(visit(campaign, language))
    assert set(data) == {"@context", "@graph"}
    assert data["@context"] == "https://schema.org"
    for node in nodes(data):
        assert set(node) - {"@type", "@id"} <= VOCABULARY[node["@type"]], node
    organization, page, project = data["@graph"]
    assert (page["inLanguage"], page["about"]) == (f"{language}-CA", {"@id": project["@id"]})
    assert project["parentOrganization"] == {"@id": organization["@id"]}
    assert [offer["price"] for offer in project["makesOffer"]] == ["30.00", "65.00"]
    assert [offer["availability"].rsplit("/", 1)[1] for offer in project["makesOffer"]] == ["PreOrder", "SoldOut"]
    assert {offer["availability"] for offer in project["makesOffer"]} <= AVAILABILITIES
    assert {offer["availabilityEnds"] for offer in project["makesOffer"]} == {campaign.deadline.isoformat()}


@pytest.mark.usefixtures("inside")
def test_what_is_over_offers_nothing(campaign, visit):  # noqa: F811
    Campaign.objects.update(state=CampaignState.ENDED, outcome=CampaignState.ENDED, pledged_at_deadline=0)
    assert "makesOffer" not in json_ld(visit(campaign))["@graph"][2]


def test_no_text_leaves_the_json(cooperative, visit):  # noqa: F811
    evil = "</script><script>alert('&\u2028')</script>"
    campaign = make_campaign(cooperative, tiers=[tier(evil)], title=evil, bilingual=False)
    html = visit(campaign, "fr")
    assert "<script>alert" not in html
    project = json_ld(html)["@graph"][2]
    assert (project["name"], project["makesOffer"][0]["name"]) == (evil, evil)


def test_a_page_without_terms_says_nothing_of_itself(cooperative):
    page = make_campaign_page(cooperative, publish=False)
    with within(cooperative), translation.override("fr"):
        html = page.make_preview_request().content.decode()
    assert meta(html) == {}
    assert "ld+json" not in html


@pytest.mark.usefixtures("inside")
def test_passing_on_costs_the_page_no_query(campaign, rf, django_assert_num_queries):
    """Once the page has its campaign and its progress, and has shown its tiers."""
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="en")
    brand, progress = Brand.for_site(campaign.cooperative.site), progress_of(campaign)
    page.campaign = campaign
    context = Context({"page": page, "brand": brand, "request": rf.get("/")})
    pledge_tags.tiers_of(context, page.tier_blocks)
    page.full_url  # noqa: B018 (Wagtail keeps the roots of the sites)
    with translation.override("en"), django_assert_num_queries(0):
        card = social_tags.social_card(context, progress)
        data = social_tags.structured_data(context, progress, True, False)
        share = share_tags.share_links(context, campaign, page)
        addresses = [share_tags.reward_address(context, one.reward) for one in social_tags.shown_tiers(page)]
    assert (card.url, len(addresses), len(json_ld(data)["@graph"][2]["makesOffer"])) == (share.url, 2, 2)
