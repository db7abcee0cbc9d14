"""Whatever colours an editor types: what is offered can be read, and what can be read is left alone."""

import math
import os
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config import ROOT
from home.brand.branding import palette
from home.brand.checks import CHECKED, STATES, shortfalls
from home.brand.colours import BLACK, WHITE, contrast, luminance, nearest, oklab
from home.models import Brand

TEXT, EDGE = 4.5, 3.0

colours = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
brands = st.fixed_dictionaries(dict.fromkeys(CHECKED, colours))

#: Brands that are tried; many with WHOLE=1.
MANY = 300 if os.environ.get("WHOLE") == "1" else 60


def mended(chosen):
    return chosen | {shortfall.name: shortfall.offer for shortfall in shortfalls(chosen)}


def pairs(colours):
    """Every pair that the look asks for: two custom properties, and what they reach."""
    look = palette(Brand(**colours))
    grounds = ("paper", "tint")
    asked = [(text, ground, TEXT) for text in ("ink", "ink_soft", "action") for ground in grounds]
    asked += [("edge", ground, EDGE) for ground in grounds]
    asked += [(text, "deep", TEXT) for text in ("on_deep", "deep_soft", "deep_mark")]
    asked += [("on_brand", "brand", TEXT), ("on_action", "action", TEXT), ("on_action", "action_hover", TEXT)]
    return {(one, two): (contrast(getattr(look, one), getattr(look, two)), least) for one, two, least in asked}


def unreadable(colours):
    return {pair: reached for pair, (reached, least) in pairs(colours).items() if reached < least}


def test_contrast_is_as_wcag_counts_it():
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast("#777777", WHITE) == pytest.approx(4.48, abs=0.005)
    assert luminance("#ff0000") == pytest.approx(0.2126)


@pytest.mark.long
@given(brands)
@settings(max_examples=MANY, deadline=None)
def test_who_takes_every_offer_has_a_brand_that_can_be_read(chosen):
    offered = mended(chosen)
    assert unreadable(offered) == {}
    assert [state for state in STATES if contrast(state, offered["tint"]) < TEXT] == []
    assert shortfalls(offered) == []


@pytest.mark.long
@given(brands)
@settings(max_examples=MANY, deadline=None)
def test_only_what_cannot_be_read_gets_an_offer(chosen):
    offered = mended(chosen)
    for shortfall in shortfalls(chosen):
        kept = offered | {shortfall.name: chosen[shortfall.name]}
        assert unreadable(kept) or any(contrast(state, kept["tint"]) < TEXT for state in STATES)
        assert shortfall.reached < shortfall.asked


@given(colours, colours)
@settings(max_examples=300, deadline=None)
def test_the_offer_passes_and_keeps_the_hue(colour, ground):
    def passes(shade):
        return contrast(shade, ground) >= TEXT

    offer = nearest(colour, passes)
    assert passes(offer)
    assert not passes(colour) or offer == colour
    (_, *was), (_, *now) = oklab(colour), oklab(offer)
    if min(math.hypot(*was), math.hypot(*now)) > 0.05:
        turned = math.atan2(now[1], now[0]) - math.atan2(was[1], was[0])
        assert abs(math.degrees(math.remainder(turned, math.tau))) < 8


@pytest.mark.parametrize(
    ("colour", "ground", "offer"),
    [
        ("#777777", WHITE, "#767676"),
        ("#ff7a4d", WHITE, "#cd4c1a"),
        ("#1d3fc4", "#101010", "#4371f9"),
        ("#1d3fc4", WHITE, "#1d3fc4"),
    ],
)
def test_the_offer_is_the_first_shade_that_passes(colour, ground, offer):
    assert nearest(colour, lambda shade: contrast(shade, ground) >= TEXT) == offer


def test_where_nothing_passes_nothing_is_offered():
    with pytest.raises(ValueError, match="no shade of #123456"):
        nearest("#123456", lambda shade: False)


def test_the_house_s_own_colours_are_those_of_the_stylesheet():
    tokens = Path(ROOT / "static/css/tokens.css").read_text()
    named = dict(re.findall(r"--(late|ok|danger): (#[0-9a-f]{6});", tokens))
    assert (named["late"], named["ok"], named["danger"]) == STATES


def test_the_brand_that_one_starts_with_can_be_read():
    start = {name: Brand._meta.get_field(name).default for name in CHECKED}
    assert shortfalls(start) == []
    assert unreadable(start) == {}


def test_the_demo_s_brands_can_be_read():
    for path in sorted((ROOT / "sandbox/demo/content").glob("*.toml")):
        chosen = tomllib.loads(path.read_text()).get("brand")
        if chosen:
            assert shortfalls({name: chosen[name] for name in CHECKED}) == [], path.name
