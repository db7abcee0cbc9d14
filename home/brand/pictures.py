"""Pictures that browsers and others ask a host for: its icon, its logo for mail, its picture for sharing.

Made from what the editor chose, through Wagtail's own renditions; an icon of a brand without any is its first letter.
"""

from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any, Final

from django.contrib.staticfiles import finders
from django.core.cache import cache
from PIL import Image, ImageDraw, ImageFont

from home.brand.colours import WHITE, readable_on
from home.models import Brand

#: What browsers ask for: a tab, an address kept on an iPhone's first screen, on Android's.
ICON_SIZES: Final = (32, 180, 192)
#: What stands in /favicon.ico.
SMALL_SIZES: Final = (16, 32, 48)
#: This one is shown without transparency.
TOUCH: Final = 180
LARGEST: Final = 512

#: Twice the size at which a mail shows it.
MAIL_LOGO: Final = "max-480x96|format-png"
SOCIAL: Final = "fill-1200x630|format-jpeg"

KEPT = timedelta(days=7).total_seconds()


def icon(brand: Brand, size: int, name: str) -> bytes:
    """A square PNG; `name` is whose it is."""

    def draw() -> bytes:
        return _png(_square(brand, size, name))

    return _kept(f"icon:{brand.pk}:{brand.version}:{size}", draw)


def favicon(brand: Brand, name: str) -> bytes:
    """An ICO, which every browser asks for at /favicon.ico."""

    def draw() -> bytes:
        out = BytesIO()
        smaller = [_square(brand, size, name) for size in SMALL_SIZES[:-1]]
        sizes = [(size, size) for size in SMALL_SIZES]
        _square(brand, SMALL_SIZES[-1], name).save(out, "ICO", sizes=sizes, append_images=smaller)
        return out.getvalue()

    return _kept(f"icon:{brand.pk}:{brand.version}:ico", draw)


def _kept(key: str, draw: Callable[[], bytes]) -> bytes:
    return cache.get_or_set(key, draw, KEPT) or draw()


def mail_logo(brand: Brand) -> bytes | None:
    return _rendition(brand.logo, MAIL_LOGO)


def social(brand: Brand) -> bytes | None:
    return _rendition(brand.social_image, SOCIAL)


def _rendition(image: Any, spec: str) -> bytes | None:
    """None where there is no image, or its file is gone."""
    if image is None:
        return None
    try:
        with image.get_rendition(spec).file.open("rb") as file:
            return bytes(file.read())
    except OSError:
        return None


def _square(brand: Brand, size: int, name: str) -> Image.Image:
    chosen = _rendition(brand.favicon or brand.logo, f"max-{LARGEST}x{LARGEST}|format-png")
    if chosen is None:
        return _letter(brand, size, name)
    ground = Image.new("RGBA", (size, size), (255, 255, 255, 255 if size == TOUCH else 0))
    with Image.open(BytesIO(chosen)) as picture:
        fitted = picture.convert("RGBA")
    scale = size / max(fitted.size)
    fitted = fitted.resize([max(round(side * scale), 1) for side in fitted.size], Image.Resampling.LANCZOS)
    ground.alpha_composite(fitted, ((size - fitted.width) // 2, (size - fitted.height) // 2))
    return ground


def _letter(brand: Brand, size: int, name: str) -> Image.Image:
    """Drawn four times as large and then made smaller: smooth edges."""
    large = size * 4
    corner = 0 if size == TOUCH else large // 6
    picture = Image.new("RGBA", (large, large), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((0, 0, large - 1, large - 1), corner, fill=brand.field)
    font = ImageFont.truetype(str(finders.find("vendor/affiche/Affiche-ExtraBold.ttf")), large * 0.7)
    colour = readable_on(brand.field, brand.ink) if brand.ink else WHITE
    pen.text((large / 2, large / 2), _initial(name), font=font, fill=colour, anchor="mm")
    return picture.resize((size, size), Image.Resampling.LANCZOS)


def _initial(name: str) -> str:
    """Of the word that names: « La Meule commune » is an M."""
    words = [word for word in name.replace("’", "’ ").split() if len(word) > 3] or name.split() or ["·"]
    return words[0][0].upper()


def _png(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
