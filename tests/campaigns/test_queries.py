"""How many queries a page costs a visitor whom no cache helps, once the process is warm."""

import uuid
from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Locale

from campaigns.models import CampaignPage
from home.models import Brand, TextPage
from home.tenancy import within
from tests.factories.books import make_matching
from tests.factories.campaigns import body_of, make_campaign, make_campaign_page, tier, translate
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, notice_block, text_block
from updates.announcing import announce
from updates.enums import MissingLanguage

MOST = 10


@dataclass(frozen=True)
class Size:
    """How much stands on a page."""

    tiers: int = 2
    blocks: int = 4
    updates: int = 2


def picture(name):
    return get_image_model().objects.create(title=name, file=get_test_image_file(filename=f"{name}.png"))


def described(image):
    """A picture as an ImageBlock stores it."""
    return {"image": image.pk, "alt_text": f"Un dessin : {image.title}", "decorative": False}


def block(kind, value):
    return {"type": kind, "id": str(uuid.uuid4()), "value": value}


def story(count, image, linked):
    """Parts that alternate between a text with links to other pages and a video with its poster."""
    links = "".join(f'<a linktype="page" id="{page.pk}">{page.title}</a> ' for page in linked)
    text = {"heading": "Un moulin fermé", "text": f"<p>Il manque la pierre : {links}</p>"}
    video = {"url": "https://vimeo.com/76979871", "title": "Le moulin", "duration": 130, "poster": image.pk}
    video["transcript"] = f"<p>On entend {links}.</p>"
    return [block("video", video) if number % 2 else block("description", text) for number in range(count)]


def make_text(cooperative, title):
    page = cooperative.site.root_page.add_child(
        instance=TextPage(title=title, locale=Locale.objects.get(language_code="fr"), body=[])
    )
    page.copy_for_translation(Locale.objects.get(language_code="en")).save_revision().publish()
    return page


@pytest.fixture
def house(cooperative):
    """A cooperative with a logo, two texts in its footer, and another campaign to link to."""
    with within(cooperative):
        brand = Brand.for_site(cooperative.site)
        brand.logo = picture("logo")
        brand.save()
        texts = [make_text(cooperative, title) for title in ("Conditions", "Vie privée")]
    other = make_campaign_page(cooperative, title="Un four pour le village")
    translate(other, title="An oven for the village")
    cooperative.linked = [*texts, other]
    return cooperative


def make_page(house, title, size):
    """A campaign with its pledges, updates and announced delay, live in both languages."""
    with within(house):
        image = picture(title)
        offered = [tier(f"Palier {n}", limit=50, image=described(picture(f"t{n}"))) for n in range(size.tiers)]
        body = body_of(offered, extra=story(size.blocks - 3, image, house.linked))
        body[0]["value"]["image"] = described(image)
        campaign = make_campaign(house, title=title, body=body)
        for number in range(size.updates - 1):
            make_update(campaign, text_block(), title=f"Nouvelle {number}")
        rewards = list(campaign.rewards.order_by("position"))
        make_pledge(campaign, rewards=[(reward, 1) for reward in rewards], paid=False)
        for _number in range(size.updates):
            make_matching(campaign)
        late = make_update(campaign, notice_block(rewards[:1]), title="Un retard")
        announce(late, by=None, missing_language=MissingLanguage.NONE)
        return campaign


def path_of(campaign, language):
    with within(campaign.cooperative):
        page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code=language)
        return f"/{language}/{page.slug}/"


def asked(cooperative, path):
    """The queries of a visitor's first page in a process that has served it once before; every cache is empty."""

    def get():
        response = Client(headers={"host": cooperative.site.hostname}).get(path)
        assert response.status_code == 200, path
        return response

    get()
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        get()
    return [query["sql"] for query in captured.captured_queries]


def test_a_large_campaign_page_costs_ten_queries_and_a_small_one_as_many(house, outsider):
    counts = {}
    for size in (Size(12, 40, 20), Size(12, 40, 1), Size(12, 4, 20), Size(1, 40, 20), Size(1, 4, 1)):
        campaign = make_page(house, f"De {size.tiers}, {size.blocks}, {size.updates}", size)
        for language in ("fr", "en"):
            queries = asked(house, path_of(campaign, language))
            counts[language, size] = len(queries)
            assert len(queries) <= MOST, "\n".join(queries)
    assert len(set(counts.values())) == 1, counts


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_home_page_costs_as_many_queries_with_three_campaigns_as_with_one(house, language):
    make_page(house, "Une", Size())
    few = len(asked(house, f"/{language}/"))
    for title in ("Deux", "Trois"):
        make_page(house, title, Size())
    many = asked(house, f"/{language}/")
    assert len(many) == few <= MOST, "\n".join(many)


def test_pages_of_text_and_updates_keep_to_the_same_figure(house):
    campaign = make_page(house, "Une", Size())
    assert len(asked(house, "/fr/conditions/")) <= MOST
    assert len(asked(house, f"{path_of(campaign, 'fr')}un-retard/")) <= MOST
