"""From a few chosen colours to the whole set of custom properties, with every text pair readable.

`--on-*` is ink or white, whichever passes 4.5:1 better; soft text and edges are mixed from ink and paper until
they pass. The stylesheet holds custom properties only.
"""

from dataclasses import dataclass, fields

from wagtail.models import Site

from home.models.brand import Brand, Display

WHITE = "#ffffff"
TEXT_RATIO = 4.5
EDGE_RATIO = 3.0

STACKS = {
    Display.GROTESQUE: (
        '"Avenir Next", "Segoe UI Variable Display", "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", Arial, sans-serif',
        "800",
        "-.025em",
    ),
    Display.SLAB: (
        '"Rockwell Nova", Rockwell, "Roboto Slab", "Sitka Display", "Noto Serif", "DejaVu Serif Condensed", Georgia, serif',
        "700",
        "-.022em",
    ),
    Display.OLD_STYLE: (
        '"Iowan Old Style", "Palatino Linotype", Palatino, P052, "URW Palladio L", "Book Antiqua", "DejaVu Serif", serif',
        "400",
        "-.012em",
    ),
}


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(channel) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, from 1 to 21 (WCAG 2.2)."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """`share` of `other` in `colour`, from 0 to 1."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(one + (two - one) * share):02x}" for one, two in pairs)


def readable_on(field: str, ink: str) -> str:
    """Ink or white: whichever reads better on the field."""
    return max((ink, WHITE), key=lambda colour: contrast(field, colour))


def softest(ink: str, grounds: list[str], ratio: float, start: float) -> str:
    """The ink mixed with white as far as it still has `ratio` on every ground."""
    for step in range(round(start * 100), -1, -1):
        soft = mix(ink, WHITE, step / 100)
        if all(contrast(soft, ground) >= ratio for ground in grounds):
            return soft
    return ink


@dataclass(frozen=True)
class Palette:
    """The colours of the brand contract; field names are the custom properties' names."""

    brand: str
    on_brand: str
    action: str
    on_action: str
    action_hover: str
    deep: str
    on_deep: str
    deep_soft: str
    deep_mark: str
    paper: str
    tint: str
    ink: str
    ink_soft: str
    line: str
    edge: str
    art_1: str
    art_2: str
    art_3: str
    art_4: str
    art_5: str
    art_6: str


def palette(brand: Brand) -> Palette:
    grounds = [WHITE, brand.tint]
    return Palette(
        brand=brand.field,
        on_brand=readable_on(brand.field, brand.ink),
        action=brand.action,
        on_action=readable_on(brand.action, brand.ink),
        action_hover=mix(brand.action, "#000000", 0.3),
        deep=brand.deep,
        on_deep=readable_on(brand.deep, brand.ink),
        deep_soft=mix(readable_on(brand.deep, brand.ink), brand.deep, 0.22),
        deep_mark=brand.deep_mark,
        paper=WHITE,
        tint=brand.tint,
        ink=brand.ink,
        ink_soft=softest(brand.ink, grounds, 6.0, 0.45),
        line=mix(brand.ink, WHITE, 0.8),
        edge=softest(brand.ink, grounds, EDGE_RATIO + 0.5, 0.6),
        **{f"art_{n}": getattr(brand, f"art_{n}") for n in range(1, 7)},
    )


def palette_of(site: Site) -> Palette:
    return palette(Brand.for_site(site))


def stylesheet(brand: Brand) -> str:
    """The brand's custom properties, served between tokens.css and base.css."""
    colours = palette(brand)
    stack, weight, tracking = STACKS[Display(brand.display)]
    properties = {field.name.replace("_", "-"): getattr(colours, field.name) for field in fields(colours)} | {
        "font-display": stack,
        "display-weight": weight,
        "display-tracking": tracking,
        "radius": f"{brand.radius}px",
        "rule": f"{brand.rule}px",
        "label-case": "uppercase" if brand.capital_labels else "none",
        "label-tracking": ".09em" if brand.capital_labels else "0",
    }
    return ":root {\n" + "".join(f"  --{name}: {value};\n" for name, value in properties.items()) + "}\n"
