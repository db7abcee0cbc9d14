"""From a few chosen colours to the whole set of custom properties, with every text pair readable.

`--on-*` is ink or white, whichever reads better; soft text and edges are mixed as far as they pass. The chosen colours
were checked when they were saved (home.brand.checks). The stylesheet holds custom properties only.
"""

from dataclasses import dataclass, fields

from django.urls import reverse
from wagtail.models import Site

from home.brand.checks import TEXT_RATIO
from home.brand.colours import BLACK, WHITE, contrast, mix, readable_on, softest
from home.brand.pictures import MAIL_LOGO
from home.models.brand import Brand, Display, MailHead

#: Above what is asked (4.5 and 3) where the ink leaves room for it.
SOFT_TEXT_RATIO = 6.0
EDGE_RATIO = 3.5

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
    grounds = (WHITE, brand.tint)
    on_deep = readable_on(brand.deep, brand.ink)
    return Palette(
        brand=brand.field,
        on_brand=readable_on(brand.field, brand.ink),
        action=brand.action,
        on_action=_on_action(brand),
        action_hover=mix(brand.action, BLACK, 0.3),
        deep=brand.deep,
        on_deep=on_deep,
        deep_soft=softest(on_deep, brand.deep, (brand.deep,), ratio=TEXT_RATIO, most=0.22),
        deep_mark=brand.deep_mark,
        paper=WHITE,
        tint=brand.tint,
        ink=brand.ink,
        ink_soft=softest(brand.ink, WHITE, grounds, ratio=SOFT_TEXT_RATIO, most=0.45),
        line=mix(brand.ink, WHITE, 0.8),
        edge=softest(brand.ink, WHITE, grounds, ratio=EDGE_RATIO, most=0.6),
        **{f"art_{n}": getattr(brand, f"art_{n}") for n in range(1, 7)},
    )


def _on_action(brand: Brand) -> str:
    """White wherever it passes: it still does when the action darkens under the pointer."""
    return WHITE if contrast(brand.action, WHITE) >= TEXT_RATIO else readable_on(brand.action, brand.ink)


def palette_of(site: Site) -> Palette:
    return palette(Brand.for_site(site))


@dataclass(frozen=True)
class Masthead:
    """The head of a mail: its field, what is written on it, and the address of the logo (empty for the name)."""

    field: str
    on_field: str
    logo_url: str


def masthead(brand: Brand, root_url: str) -> Masthead:
    field = brand.mail_field or brand.field
    return Masthead(field, readable_on(field, brand.ink), _mail_logo(brand, root_url))


def _mail_logo(brand: Brand, root_url: str) -> str:
    if brand.mail_head != MailHead.LOGO or brand.logo is None:
        return ""
    if brand.trial:
        return str(brand.logo.get_rendition(MAIL_LOGO).url)
    return root_url + reverse("brand_mail_logo", args=[brand.version])


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
