"""What each language says in its own way: alt texts, captions, address, descriptions for search, the social image."""

import json
import re
import uuid
from html import unescape

import pytest
from django.urls import reverse
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file
from wagtail_localize.models import (
    OverridableSegment,
    SegmentOverride,
    StringSegment,
    StringTranslation,
    Translation,
)

from campaigns import lifecycle, publishing
from campaigns.models import CampaignPage
from home.models import Role
from home.translation import bilingual
from tests.factories.campaigns import body_of, make_campaign_page, tier
from tests.factories.cooperatives import make_user


@pytest.fixture(autouse=True)
def scope(inside):
    """All of this is done inside our cooperative."""


@pytest.fixture
def editor(client, cooperative):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    user = make_user(cooperative, Role.EDITOR)
    client.force_login(user)
    client.user = user
    return client


def picture(name):
    return get_image_model().objects.create(title=name, file=get_test_image_file(filename=f"{name}.png"))


def shown_as(image, alt):
    return {"image": image.pk, "alt_text": alt, "decorative": False}


@pytest.fixture
def french(cooperative):
    video = {
        "url": "https://vimeo.com/76979871",
        "title": "Le moulin",
        "duration": 130,
        "poster": picture("affiche").pk,
        "transcript": "<p>On entend la roue.</p>",
    }
    body = body_of(
        [tier(image=shown_as(picture("sac"), "Un sac de jute"))],
        extra=[{"type": "video", "id": str(uuid.uuid4()), "value": video}],
    )
    body[0]["value"]["image"] = shown_as(picture("heros"), "Une meule de pierre")
    page = make_campaign_page(
        cooperative,
        publish=False,
        body=body,
        slug="remettre-la-meule",
        seo_title="La meule, en bref",
        search_description="Onze fermes et une pierre",
        social_image=picture("partage"),
    )
    lifecycle.approve(publishing.found(page), by=None)
    return page


def offered(client, page):
    html = client.get(reverse("wagtailadmin_pages:edit", args=[page.pk])).content.decode()
    props = json.loads(unescape(re.search(r'data-props="([^"]+)"', html)[1]))
    return {(one["type"], one["contentPath"]): one for one in props["segments"]}


def test_each_can_be_written_and_chosen_in_the_translation_s_editor(editor, french):
    english = bilingual.open_translation(french, editor.user)
    shown = offered(editor, english)
    title, tiers, video = french.body[0].id, french.tier_blocks[0].id, french.body[2].id
    strings = {path for kind, path in shown if kind == "string"}
    assert strings >= {
        "slug",
        "seo_title",
        "search_description",
        f"body.{title}.image.alt_text",
        f"body.{french.body[3].id}.{tiers}.image.alt_text",
        f"body.{video}.title",
        f"body.{video}.transcript",
    }
    chosen = {path: one["location"]["widget"]["type"] for (kind, path), one in shown.items() if kind != "string"}
    assert chosen == {
        "social_image": "image_chooser",
        f"body.{title}.image.image": "image_chooser",
        f"body.{french.body[3].id}.{tiers}.image.image": "image_chooser",
        f"body.{video}.poster": "image_chooser",
        f"body.{video}.url": "text",
    }


def test_each_is_published_in_its_own_language(editor, french):
    english = bilingual.open_translation(french, editor.user)
    translation = Translation.objects.get()
    for segment in StringSegment.objects.exclude(context__path__endswith=".url").select_related("string", "context"):
        StringTranslation.objects.update_or_create(
            translation_of=segment.string,
            context=segment.context,
            locale=translation.target_locale,
            defaults={"data": "the-stone" if segment.context.path == "slug" else f"EN {segment.string.data}"},
        )
    other = {path: picture(name) for path, name in (("social_image", "share"), ("image.image", "hero"))}
    for segment in OverridableSegment.objects.select_related("context"):
        if segment.context.path == "social_image" or segment.context.path == f"body.{french.body[0].id}.image.image":
            image = other["social_image" if segment.context.path == "social_image" else "image.image"]
            SegmentOverride.objects.create(
                context=segment.context, locale=translation.target_locale, data_json=json.dumps(image.pk)
            )
    bilingual.publish_both(french, editor.user)
    french, english = (CampaignPage.objects.get(pk=page.pk) for page in (french, english))
    said = [
        (
            page.slug,
            page.seo_title,
            page.search_description,
            page.social_image.title,
            page.opening["image"].title,
            page.opening["image"].contextual_alt_text,
            page.tier_blocks[0].value["image"].title,
            page.tier_blocks[0].value["image"].contextual_alt_text,
        )
        for page in (french, english)
    ]
    assert said == [
        (
            "remettre-la-meule",
            "La meule, en bref",
            "Onze fermes et une pierre",
            "partage",
            "heros",
            "Une meule de pierre",
            "sac",
            "Un sac de jute",
        ),
        (
            "the-stone",
            "EN La meule, en bref",
            "EN Onze fermes et une pierre",
            "share",
            "hero",
            "EN Une meule de pierre",
            "sac",
            "EN Un sac de jute",
        ),
    ]


def test_two_english_pages_with_one_address_do_not_collide(cooperative, editor):
    pages = [make_campaign_page(cooperative, publish=False, title=title) for title in ("Une", "Deux")]
    for page in pages:
        lifecycle.approve(publishing.found(page), by=None)
        bilingual.open_translation(page, editor.user)
        translation = Translation.objects.get(source__object_id=page.translation_key)
        for segment in StringSegment.objects.filter(source=translation.source).select_related("string", "context"):
            StringTranslation.objects.update_or_create(
                translation_of=segment.string,
                context=segment.context,
                locale=translation.target_locale,
                defaults={"data": "the-stone"},
            )
        bilingual.publish_both(page, editor.user)
    assert [bilingual.english_of(page).slug for page in pages] == ["the-stone", "the-stone-1"]
