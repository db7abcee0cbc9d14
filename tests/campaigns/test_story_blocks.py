"""Budget, stretch goals and wall on the page and in the block picker; what of them is translated."""

import re

import pytest
from django.utils import translation
from django.utils.html import strip_tags
from wagtail_localize.segments.extract import extract_segments

from campaigns.blocks import BudgetBlock, CampaignStoryBlock, NextGoalsBlock, WallBlock
from home.tenancy import within
from tests.campaigns.composing import budget, next_goals, wall
from tests.campaigns.reading import headline, part, tally, words
from tests.factories.campaigns import body_of, make_campaign, make_campaign_page, tier
from tests.factories.pledges import make_pledge

LINES = [("Meule <b>", 60_000, "production"), ("Envois", 30_000, "postage"), ("Frais", 10_000, "fees")]


def published(cooperative, *blocks, **fields):
    return make_campaign(cooperative, body=body_of([tier()], extra=blocks), **fields)


def test_a_budget_is_a_strip_and_a_table(cooperative, visit):
    html = visit(published(cooperative, budget(LINES)))
    assert re.findall(r'<rect class="b(\d)" x="([\d.]+%)" width="([\d.]+%)"', html) == [
        ("1", "0.00%", "60.00%"),
        ("2", "60.00%", "30.00%"),
        ("3", "90.00%", "10.00%"),
    ]
    assert 'aria-label="How the budget is shared out: Meule &lt;b&gt; 60.0%, Envois 30.0%, Frais 10.0%. The' in html
    table = part(html, '<table class="sheet">', "</table>")
    assert table == (
        "Budget of the campaign Need Amount Share Meule <b> $600 60.0% Envois $300 30.0% Frais $100 10.0% "
        "Goal of the campaign $1,000 100%"
    )
    assert "Where every dollar goes" in words(html)


def test_other_sources_are_taken_off_the_whole(cooperative, visit):
    sources = [("Prêt", 20_000, True), ("Subvention", 5_000, False)]
    html = visit(published(cooperative, budget([*LINES, ("Toit", 25_000, "")], sources)), "fr")
    foot = part(html, "<tfoot>", "</tfoot>")
    assert foot == (
        "Le projet complet 1 250 $ 100 % Prêt −200 $ Subvention (à confirmer) −50 $ Objectif de la campagne 1 000 $"
    )


def test_stretch_goals_stand_below_the_first_which_stays(cooperative, visit):
    campaign = published(cooperative, next_goals((150_000, "Un four"), (200_000, "Un âne")))
    goals = part(visit(campaign), '<ol class="goals">', "</ol>")
    assert goals == (
        "First goal $1,000 It stays the one that counts. Stretch goal $1,500 Un four Stretch goal $2,000 Un âne"
    )
    assert "Stretch goal" not in tally(visit(campaign))


def test_once_the_goal_is_reached_the_tally_names_the_next(cooperative, visit):
    campaign = published(cooperative, next_goals((150_000, "Un four"), (200_000, "Un âne")))
    make_pledge(campaign, rewards=[], extra=150_000, paid=False)
    html = visit(campaign, "fr")
    assert headline(html) == "Objectif dépassé : 1 500 $ promis sur 1 000 $ (150 %)"
    assert "Objectif suivant : 2 000 $ · Un âne" in tally(html)
    assert part(html, '<ol class="goals">', "</ol>").count("Atteint") == 2


@pytest.mark.parametrize("block", [BudgetBlock(), NextGoalsBlock(), WallBlock()])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_block_is_previewed_without_any_row(block, language):
    block.set_name("any")
    with translation.override(language):
        value = block.get_preview_value()
        html = words(block.render(value, {}))
    assert len(html) > 60


@pytest.mark.parametrize("name", ["budget", "next_goals", "wall"])
def test_a_block_says_what_it_is_in_both_languages(name):
    block = CampaignStoryBlock().child_blocks[name]
    for said in (block.label, block.get_description()):
        with translation.override("en"):
            english = str(said)
        with translation.override("fr"):
            assert english and english != "" and str(said)
    with translation.override("fr"):
        assert block.get_description() != english


def test_every_text_of_the_blocks_is_translated(cooperative):
    page = make_campaign_page(
        cooperative,
        publish=False,
        body=[
            budget([("Besoin", 1, "fees")], [("Source", 1, True)], heading="Titre", introduction="Mots"),
            next_goals((2, "Ajoute")),
            wall(heading="Mur", text="<p>Merci</p>"),
        ],
    )
    with within(cooperative):
        segments = [segment for segment in extract_segments(page) if hasattr(segment, "string")]
    found = {strip_tags(segment.string.data) for segment in segments}
    assert {"Besoin", "Source", "Titre", "Mots", "Ajoute", "Mur", "Merci"} <= found
    assert "fees" not in found
