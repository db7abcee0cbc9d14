"""The picture shown where a campaign is passed on: its title, how far it is, in the cooperative's colours.

A picture is known by what it says: the same words give the same name, so that it may be kept for ever.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

from django.contrib.staticfiles import finders
from PIL import Image, ImageDraw, ImageFont

from home.brand.branding import Palette

#: Raised when the drawing changes, so that pictures kept elsewhere are asked for again.
DRAWING = 1
SIZE = WIDTH, HEIGHT = 1200, 630
MARGIN, BAND = 64, 176
#: Where the words end and the drawing begins.
COLUMN = 790
TITLE_SIZES, TITLE_LINES = (84, 74, 64, 56, 48), 4
LEADING = 1.12

Point = tuple[float, float]


@dataclass(frozen=True)
class Affiche:
    """`figure` stands large beside `line`; `share` of the bar is filled, in hundredths, empty for no bar at all."""

    kicker: str
    title: str
    figure: str
    line: str
    share: int | None
    palette: Palette

    @property
    def name(self) -> str:
        """What stands in the picture's address."""
        digest = hashlib.sha256(f"{DRAWING}{self!r}".encode()).hexdigest()[:12]
        return f"{self.share or 0}-{digest}.png"


def draw(affiche: Affiche) -> bytes:
    """A PNG of 1200 by 630."""
    picture = _field(affiche.palette)
    pen = ImageDraw.Draw(picture)
    _write_title(pen, affiche)
    _write_band(pen, affiche)
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _field(colours: Palette) -> Image.Image:
    """The field with its drawing, at twice the size and then halved: smooth edges."""
    large = Image.new("RGB", (WIDTH * 2, HEIGHT * 2), colours.brand)
    pen = ImageDraw.Draw(large)
    ground = (HEIGHT - BAND) * 2
    _disc(pen, (2110, 330), 190, colours.art_5)
    _disc(pen, (1840, ground + 330), 640, colours.art_4)
    _disc(pen, (2330, ground + 420), 620, colours.art_6)
    _disc(pen, (1990, ground + 900), 1000, colours.art_1)
    pen.rectangle((0, ground, WIDTH * 2, HEIGHT * 2), fill=colours.paper)
    return large.resize(SIZE, Image.Resampling.LANCZOS)


def _disc(pen: ImageDraw.ImageDraw, centre: Point, radius: float, colour: str) -> None:
    across, down = centre
    pen.ellipse((across - radius, down - radius, across + radius, down + radius), fill=colour)


def _write_title(pen: ImageDraw.ImageDraw, affiche: Affiche) -> None:
    colour, room = affiche.palette.on_brand, HEIGHT - BAND - 2 * MARGIN + 16
    kicker = _font("Regular", 30)
    pen.text((MARGIN, MARGIN - 12), _cut(affiche.kicker, kicker, COLUMN - MARGIN), font=kicker, fill=colour)
    size, lines = _fitted(affiche.title, COLUMN - MARGIN, room - 52)
    for number, line in enumerate(lines):
        place = (MARGIN, MARGIN + 40 + number * size * LEADING)
        pen.text(place, line, font=_font("ExtraBold", size), fill=colour)


def _write_band(pen: ImageDraw.ImageDraw, affiche: Affiche) -> None:
    top, colours = HEIGHT - BAND, affiche.palette
    figure, line = _font("ExtraBold", 68), _font("Regular", 36)
    baseline = top + (96 if affiche.share is not None else 112)
    pen.text((MARGIN, baseline), affiche.figure, font=figure, fill=colours.ink, anchor="ls")
    start = MARGIN + figure.getlength(affiche.figure) + (28 if affiche.figure else 0)
    pen.text(
        (start, baseline), _cut(affiche.line, line, WIDTH - MARGIN - start), font=line, fill=colours.ink, anchor="ls"
    )
    if affiche.share is not None:
        _bar(pen, (MARGIN, top + 120, WIDTH - MARGIN, top + 144), affiche.share, colours)


def _bar(pen: ImageDraw.ImageDraw, box: tuple[int, int, int, int], share: int, colours: Palette) -> None:
    left, top, right, bottom = box
    pen.rectangle(box, fill=colours.tint, outline=colours.edge, width=2)
    if filled := (right - left) * min(share, 100) // 100:
        pen.rectangle((left, top, left + filled, bottom), fill=colours.action)


def _fitted(text: str, width: float, height: float) -> tuple[int, list[str]]:
    """The largest size in which the text fits, and its lines there; at the smallest, what doesn't fit is cut."""
    for size in TITLE_SIZES:
        lines = _lines(text, _font("ExtraBold", size), width)
        if len(lines) <= TITLE_LINES and len(lines) * size * LEADING <= height:
            return size, lines
    kept = lines[: int(height // (size * LEADING))]
    kept[-1] = _cut(f"{kept[-1]} …", _font("ExtraBold", size), width) if len(lines) > len(kept) else kept[-1]
    return size, kept


def _lines(text: str, font: ImageFont.FreeTypeFont, width: float) -> list[str]:
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = _cut(longer, font, width)
        else:
            lines.append(_cut(word, font, width))
    return lines


def _cut(text: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    """The text, or as much of it as there is room for."""
    if font.getlength(text) <= width:
        return text
    kept = text
    while kept and font.getlength(f"{kept}…") > width:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


@lru_cache(maxsize=16)
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(finders.find(f"vendor/affiche/Affiche-{weight}.ttf")), size)
