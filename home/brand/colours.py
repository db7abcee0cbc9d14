"""Colours as sums: contrast as WCAG 2.2 counts it, mixing, and the nearest colour that passes a test.

A colour is a string like `#1d3fc4`. Nearness is judged in OKLab, where equal steps look equal (Björn Ottosson, 2020).
"""

import math
import re
from collections.abc import Callable
from functools import lru_cache, partial
from itertools import chain

WHITE = "#ffffff"
BLACK = "#000000"

#: How a colour is written.
PATTERN = re.compile(r"#[0-9a-fA-F]{6}\Z")

#: How finely lightness, from 0 to 1, is searched.
STEPS = 500
#: What a channel may lie outside 0 to 1 by rounding alone.
SLACK = 1e-6

Triple = tuple[float, float, float]


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _linear(channel: int) -> float:
    share = channel / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def _encoded(share: float) -> int:
    share = min(max(share, 0.0), 1.0)
    return round(255 * (share * 12.92 if share <= 0.0031308 else 1.055 * share ** (1 / 2.4) - 0.055))


@lru_cache(maxsize=1024)
def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(maxsize=4096)
def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@lru_cache(maxsize=4096)
def mix(colour: str, other: str, share: float) -> str:
    """`share` of `other` in `colour`, from 0 to 1."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def readable_on(field: str, ink: str) -> str:
    """Ink or white: whichever reads better on the field."""
    return max((ink, WHITE), key=partial(contrast, field))


@lru_cache(maxsize=1024)
def softest(colour: str, toward: str, grounds: tuple[str, ...], *, ratio: float, most: float) -> str:
    """The colour mixed with `toward`, by `most` at most, as far as it still has `ratio` on every ground."""
    for step in range(round(most * 100), -1, -1):
        soft = mix(colour, toward, step / 100)
        if all(contrast(soft, ground) >= ratio for ground in grounds):
            return soft
    return colour


def oklab(colour: str) -> Triple:
    """Lightness, and the two axes of hue."""
    red, green, blue = (_linear(channel) for channel in _channels(colour))
    long = math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    medium = math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    short = math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    return (
        0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short,
        1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short,
        0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short,
    )


def _linear_of(lab: Triple) -> Triple:
    light, a, b = lab
    long = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (light - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _at_lightness(light: float, a: float, b: float) -> str:
    """The colour of this hue at another lightness, as vivid as it was or as a screen allows."""
    low, high = 0.0, 1.0
    if not _is_shown((light, a, b)):
        for _step in range(12):
            middle = (low + high) / 2
            low, high = (middle, high) if _is_shown((light, a * middle, b * middle)) else (low, middle)
        a, b = a * low, b * low
    return "#" + "".join(f"{_encoded(share):02x}" for share in _linear_of((light, a, b)))


def _is_shown(lab: Triple) -> bool:
    return all(-SLACK <= share <= 1 + SLACK for share in _linear_of(lab))


def nearest(colour: str, passes: Callable[[str], bool]) -> str:
    """The colour itself if it passes, else the most like it that does: its hue is kept, its lightness moves.

    Raises ValueError where neither black, nor white, nor anything between them passes.
    """
    if passes(colour):
        return colour
    light, a, b = start = oklab(colour)
    darker = (_at_lightness(light * step / STEPS, a, b) for step in range(STEPS - 1, -1, -1))
    lighter = (_at_lightness(light + (1 - light) * step / STEPS, a, b) for step in range(1, STEPS + 1))
    ways = (chain(darker, [BLACK]), chain(lighter, [WHITE]))
    found = [next(filter(passes, way), None) for way in ways]
    offers = [one for one in found if one is not None]
    if not offers:
        raise ValueError(f"no shade of {colour} passes")
    return min(offers, key=lambda offer: math.dist(start, oklab(offer)))
