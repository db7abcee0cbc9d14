"""The picture of a campaign: whatever it says, it is drawn, of one size, and in letters that exist."""

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image

from campaigns.sharing.drawing import Affiche, _font, draw
from home.brand.branding import palette
from home.models import Brand

FRENCH = "ÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸàâæçéèêëîïôœùûüÿ«»’…–—$%·"


@pytest.fixture
def affiche():
    return Affiche(
        kicker="La Meule commune",
        title="Remettre la meule en marche",
        figure="42 %",
        line="Objectif : 7 500 $",
        share=42,
        palette=palette(Brand()),
    )


def opened(picture):
    return Image.open(BytesIO(picture)).convert("RGB")


def filled(affiche):
    """How many dots across the bar are of the colour of what is raised."""
    row = opened(draw(affiche)).crop((0, 580, 1200, 581))
    action = tuple(int(affiche.palette.action[at : at + 2], 16) for at in (1, 3, 5))
    return sum(dot == action for dot in row.get_flattened_data())


@pytest.mark.parametrize("weight", ["Regular", "ExtraBold"])
def test_every_letter_of_french_has_a_shape_of_its_own(weight):
    font = _font(weight, 40)
    missing = bytes(font.getmask("\u4e2d"))
    shapes = [bytes(font.getmask(letter)) for letter in FRENCH]
    assert missing not in shapes
    assert len(set(shapes)) == len(FRENCH)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "Oui",
        "Remettre la meule en marche",
        "Un titre " + "long " * 50,
        "anticonstitutionnellement" * 10,
        "中文 и кириллица",
        "<script>alert(1)</script>",
    ],
)
def test_any_title_is_drawn_at_one_size(affiche, title):
    assert opened(draw(replace(affiche, title=title, kicker=title))).size == (1200, 630)


def test_the_bar_shows_the_share_and_never_more_than_all(affiche):
    half, all_of_it, beyond = (filled(replace(affiche, share=share)) for share in (50, 100, 250))
    assert half == pytest.approx(all_of_it / 2, abs=2)
    assert all_of_it == beyond == pytest.approx(1073, abs=3)


def test_the_same_words_have_the_same_name_and_others_another(affiche):
    assert affiche.name == replace(affiche).name
    others = [replace(affiche, **{field: "Autre"}) for field in ("kicker", "title", "figure", "line")]
    others += [replace(affiche, share=43), replace(affiche, palette=palette(Brand(field="#ffffff")))]
    assert len({affiche.name, *(one.name for one in others)}) == 7
