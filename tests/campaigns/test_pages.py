"""The public page of a campaign: tiers, languages, updates, and where its figures come from."""

import re
import uuid
from datetime import date
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from campaigns.models import Campaign, CampaignPage, Reward, RewardStock
from home import clock
from home.tenancy import within
from pledges.models import DatePromise, PledgeItem
from tests.campaigns.reading import tiers, words
from tests.factories.campaigns import body_of, make_campaign, make_campaign_page, tier, translate
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, make_update_page

MOST_QUERIES = 25


@pytest.mark.usefixtures("inside")
def test_a_live_campaign_offers_its_tiers(campaign, visit):
    html = visit(campaign)
    rewards = list(Reward.objects.order_by("position"))
    links = re.findall(r'href="(/en/contribute/[^"]+)"', html)
    base = f"/en/contribute/{campaign.pk}/"
    assert sorted(set(links)) == sorted([base, *(f"{base}?reward={reward.pk}" for reward in rewards)])
    assert [re.search(r"“(.+)”, (\S+)", text).groups() for text in tiers(html)[:2]] == [
        ("The bag of flour", "$30"),
        ("The miller's box", "$65"),
    ]


@pytest.mark.usefixtures("inside")
def test_the_price_comes_from_the_row_not_from_the_block(campaign, visit):
    Reward.objects.filter(position=0).update(amount=4_200)
    html = visit(campaign)
    assert "$42" in tiers(html)[0]
    assert "$30" not in tiers(html)[0]


@pytest.mark.usefixtures("inside")
def test_a_retired_tier_is_not_shown(campaign, visit):
    Reward.objects.filter(position=0).update(retired_at=clock.now())
    shown = tiers(visit(campaign))
    assert [text.split(" $")[0] for text in shown[:1]] == ["The miller's box"]
    assert len(shown) == 2


@pytest.mark.parametrize(
    ("taken", "expected", "offered"),
    [
        ({}, "Availability 10 left", True),
        ({"promised": 9}, "Availability 1 left", True),
        ({"promised": 6, "held": 1}, "Availability 3 left · 1 held by someone paying now", True),
        ({"promised": 5, "held": 2}, "Availability 3 left · 2 held by people paying now", True),
        ({"promised": 10}, "Availability Sold out", False),
        (
            {"promised": 8, "held": 2},
            "All are held by people paying now. If a payment is not completed, some will be back within 30 minutes.",
            False,
        ),
    ],
)
@pytest.mark.usefixtures("inside")
def test_what_is_left_of_a_tier(campaign, visit, taken, expected, offered):
    RewardStock.objects.update(**taken)
    text = tiers(visit(campaign))[1]
    assert expected in text
    assert ("Choose this reward" in text) is offered


@pytest.mark.usefixtures("inside")
def test_a_tier_without_limit_says_so(campaign, visit):
    assert "Availability No limit" in tiers(visit(campaign))[0]


@pytest.mark.usefixtures("inside")
def test_a_changed_month_is_shown_not_replaced(campaign, visit):
    first = Reward.objects.get(position=0)
    for month in (date(2027, 11, 1), date(2027, 12, 1)):
        make_pledge(campaign, rewards=[(first, 1)], paid=False)
        for item in PledgeItem.objects.filter(reward=first):
            DatePromise.objects.create(cooperative=campaign.cooperative, item=item, month=month, made_at=clock.now())
    html = visit(campaign)
    moved, kept = tiers(html)[:2]
    assert "first expected in October 2027 now expected in December 2027" in moved
    assert '<s class="promise__was">' in html
    assert "Expected in October 2027" in kept


@pytest.mark.usefixtures("inside")
def test_a_shared_link_is_carried_to_the_form_and_sets_no_cookie(campaign, visit, client):
    reward = Reward.objects.get(position=0)
    html = visit(campaign, query="?via=marche%20public&other=1")
    links = set(re.findall(r'href="(/en/contribute/[^"]+)"', html))
    base = f"/en/contribute/{campaign.pk}/"
    assert {unescape(link) for link in links} >= {
        f"{base}?via=marche+public",
        f"{base}?reward={reward.pk}&via=marche+public",
    }
    assert [link for link in links if "via=" not in link or "other" in link] == []
    assert dict(client.cookies) == {}


@pytest.mark.usefixtures("inside")
def test_a_shared_link_too_long_to_be_ours_is_ignored(campaign, visit):
    assert "via=" not in visit(campaign, query="?via=" + "x" * 61)


@pytest.mark.usefixtures("inside")
def test_each_language_has_its_page(campaign, visit):
    english, french = visit(campaign, "en"), visit(campaign, "fr")
    assert '<html lang="en-CA">' in english
    assert '<html lang="fr-CA">' in french
    assert "<h1>Get the millstone turning</h1>" in english
    assert "<h1>Remettre la meule en marche</h1>" in french
    assert "The bag of flour" in tiers(english)[0]
    assert "Le sac de farine" in tiers(french)[0]
    assert "30\u00a0$" in french
    assert re.search(r'<a class="lang" href="/fr/[^"]+" lang="fr-CA" hreflang="fr-CA">Français</a>', english)
    assert re.search(r'<a class="lang" href="/en/[^"]+" lang="en-CA" hreflang="en-CA">English</a>', french)
    assert re.findall(r'rel="alternate" hreflang="([^"]+)"', english) == ["fr-CA", "x-default", "en-CA"]


@pytest.mark.usefixtures("inside")
def test_without_a_translation_the_other_language_is_at_its_home(cooperative, visit):
    campaign = make_campaign(cooperative, bilingual=False)
    assert '<a class="lang" href="/en/" lang="en-CA"' in visit(campaign, "fr")


def video(poster=None):
    value = {
        "url": "https://vimeo.com/76979871",
        "title": "Le moulin",
        "duration": 130,
        "poster": poster,
        "transcript": "<p>On entend la roue.</p>",
    }
    return {"type": "video", "id": str(uuid.uuid4()), "value": value}


def test_blocks_stand_in_page_order(cooperative, visit):
    campaign = make_campaign(cooperative, body=body_of([tier()], extra=[video()]))
    html = visit(campaign)
    assert re.findall(r"<h[12][^>]*>([^<]+)</h[12]>", html)[:5] == [
        "Get the millstone turning",
        "Where the campaign stands",
        "Un moulin fermé depuis 1974",
        "Le moulin",
        "Choose what you will receive",
    ]
    assert "2 min 10 s" in words(html)
    assert "On entend la roue." in words(html)
    assert '<a class="play" href="https://vimeo.com/76979871">' in html
    assert "<iframe" not in html


@pytest.mark.usefixtures("inside")
def test_the_feed_holds_published_updates_newest_first(campaign, visit):
    make_update(campaign, title="La meule est commandée")
    make_update(campaign, title="La pierre est là")
    make_update_page(campaign, title="Un brouillon", publish=False)
    html = visit(campaign, "fr")
    assert re.findall(r'post__no.*?</span>(\d+)</p>.*?<h3><a href="[^"]+">([^<]+)<', html, re.DOTALL) == [
        ("2", "La pierre est là"),
        ("1", "La meule est commandée"),
    ]
    assert "Un brouillon" not in html


@pytest.mark.usefixtures("inside")
def test_an_unpublished_update_leaves_the_feed(campaign, visit):
    update = make_update(campaign, title="La pierre est là")
    make_update(campaign, title="La roue tourne")
    for page in campaign_updates(update):
        page.unpublish()
    html = visit(campaign, "fr")
    assert "La roue tourne" in html
    assert "La pierre est là" not in html


def campaign_updates(update):
    from updates.models import UpdatePage

    return UpdatePage.objects.filter(translation_key=update.translation_key)


@pytest.mark.usefixtures("inside")
def test_an_update_in_the_other_language_only_says_its_language(campaign, visit):
    make_update(campaign, title="La pierre est là", bilingual=False)
    assert '<h3 lang="fr-CA"><a href="' in visit(campaign, "en")


@pytest.mark.usefixtures("inside")
def test_more_than_three_updates_are_folded_away(campaign, visit):
    for number in range(4):
        make_update(campaign, title=f"Nouvelle {number}")
    html = visit(campaign, "en")
    assert "See all 4 updates" in words(html)
    assert html.index("<details") < html.rindex('class="post"')


def test_a_preview_before_the_first_publication_shows_texts_without_terms(cooperative):
    page = make_campaign_page(cooperative, publish=False)
    with within(cooperative), translation.override("en"):
        response = page.make_preview_request()
    html = response.render().content.decode() if not response.is_rendered else response.content.decode()
    assert [text.split(" Deux")[0] for text in tiers(html)] == ["Le sac de farine", "La boîte du meunier"]
    assert "tier__price" not in html


def test_the_page_of_another_cooperative_is_not_found(cooperative, outsider, on_host):
    campaign = make_campaign(outsider)
    with within(outsider):
        slug = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr").slug
    assert on_host(cooperative).get(f"/fr/{slug}/").status_code == 404
    assert on_host(outsider).get(f"/fr/{slug}/").status_code == 200


def queries_for(visit, campaign):
    visit(campaign)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        visit(campaign)
    return len(captured)


def picture(name):
    """A picture as an ImageBlock stores it."""
    image = get_image_model().objects.create(title=name, file=get_test_image_file(filename=f"{name}.png"))
    return {"image": image.pk, "alt_text": f"Un dessin : {name}", "decorative": False}


def illustrated(names):
    """A page with a hero image, a video with its poster, and a picture for each limited tier."""
    offered = [tier(name, limit=5, image=picture(name)) for name in names]
    poster = picture("affiche")["image"]
    body = body_of(offered, extra=[video(poster)])
    body[0]["value"]["image"] = picture("heros")
    return body


def test_queries_do_not_grow_with_tiers(cooperative, visit):
    few = make_campaign(cooperative, title="Une", body=illustrated(["un"]))
    many = make_campaign(cooperative, title="Trois", body=illustrated(["un", "deux", "trois"]))
    with within(cooperative):
        for campaign in (few, many):
            for reward in campaign.rewards.all():
                make_pledge(campaign, rewards=[(reward, 1)], paid=False)
        assert queries_for(visit, many) == queries_for(visit, few) <= MOST_QUERIES


@pytest.mark.usefixtures("inside")
def test_pictures_have_the_words_of_the_editor(cooperative, visit):
    html = visit(make_campaign(cooperative, body=illustrated(["un"]))).split('id="t-share"')[0]
    assert re.findall(r'<img[^>]* alt="([^"]*)"', html) == ["Un dessin : heros", "", "Un dessin : un"]


@pytest.mark.usefixtures("inside")
def test_queries_do_not_grow_with_updates(campaign, visit):
    make_update(campaign, title="Une")
    one = queries_for(visit, campaign)
    make_update(campaign, title="Deux")
    make_update(campaign, title="Trois")
    assert queries_for(visit, campaign) == one <= MOST_QUERIES


def test_a_translation_follows_the_source_in_figures_only(cooperative, visit):
    page = make_campaign_page(cooperative)
    translate(page, tier_titles=("The bag of flour",))
    with within(cooperative):
        page.tier_blocks[0].value["amount"] = 3_500
        page.save_revision().publish()
        campaign = Campaign.objects.select_related("cooperative__site").get()
    assert tiers(visit(campaign, "en"))[0].startswith("The bag of flour $35 ")
