"""The blocks of tiers and add-ons: every word reaches the translator, no figure does; the picker shows them."""

import pytest
from django.utils import translation
from wagtail import blocks
from wagtail_localize.segments import StringSegmentValue
from wagtail_localize.segments.extract import extract_segments

from campaigns.blocks import AddOnsBlock, CampaignStoryBlock, RewardTiersBlock
from campaigns.models import CampaignPage
from tests.campaigns.test_tier_terms import add_ons, item
from tests.factories.campaigns import body_of, tier

NO_IMAGE = {"image": None, "alt_text": "", "decorative": False}


def words_of(page):
    return sorted(segment.string.data for segment in extract_segments(page) if isinstance(segment, StringSegmentValue))


@pytest.mark.django_db
def test_every_word_of_a_tier_is_translated_and_nothing_else():
    full = tier(
        "Titre",
        description="Description",
        image=NO_IMAGE,
        contents=[item("Contenu A"), item("Contenu B")],
        variants=[item("Petit"), item("Grand")],
        postage=[item({"zone": "quebec", "price": 800})],
        handover="pickup",
        pickup_place="Lieu",
        pickup_hours="Heures",
        available_until="2027-03-31T23:59",
        unit_cost=450,
    )
    more = tier("Supplément", description="Un de plus", image=NO_IMAGE)
    body = [*body_of([full]), add_ons(more)]
    body[0]["value"]["image"] = NO_IMAGE
    page = CampaignPage(title="Page", slug="page", body=body)
    bare = CampaignPage(title="Page", slug="page", body=body[:2])
    added = ["Contenu A", "Contenu B", "Description", "Grand", "Heures", "Lieu", "Petit", "Supplément", "Titre"]
    assert words_of(page) == sorted([*words_of(bare), *added, "Un de plus"])


@pytest.mark.django_db
@pytest.mark.parametrize("block_class", [RewardTiersBlock, AddOnsBlock])
def test_the_picker_shows_a_preview(block_class):
    block = block_class()
    block.set_name("x")
    with translation.override("fr"):
        html = block.render(block.normalize(block.meta.preview_value), {"request": None})
    assert block.meta.preview_value[0]["title"] in html


def offers():
    story = CampaignStoryBlock()
    return [story.child_blocks["reward_tiers"].child_block, story.child_blocks["add_ons"].child_block]


@pytest.mark.parametrize("number", [0, 1])
def test_every_part_has_its_place_in_the_form_and_a_french_label(number):
    block = offers()[number]
    laid_out = block.meta.form_layout.get_sorted_block_names()
    assert sorted(laid_out) == sorted(block.child_blocks)
    with translation.override("fr"):
        french = {name: str(child.label) for name, child in block.child_blocks.items()}
    with translation.override("en"):
        english = {name: str(child.label) for name, child in block.child_blocks.items()}
    same = {name for name in french if french[name] == english[name]}
    assert same == {"description", "image"}


def test_a_list_stands_in_no_struct_of_a_struct():
    """Its words would not be found by wagtail-localize, which says nothing."""
    for block in offers():
        for child in block.child_blocks.values():
            inner = child.child_blocks.values() if isinstance(child, blocks.StructBlock) else []
            assert not [one for one in inner if isinstance(one, blocks.ListBlock)]
