"""Logos that are drawn (SVG): rebuilt from what is known to be harmless, refused where they hold anything that acts.

What is not known is never copied. What an editor would miss is refused, and named; what drawing programs leave for
themselves (other namespaces, comments) is left out without a word.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import Element, tostring  # nosec B405 # a name for types; what is parsed goes through defusedxml

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

SVG: Final = "{http://www.w3.org/2000/svg}"
NAMESPACE: Final = "http://www.w3.org/2000/svg"
XLINK_HREF: Final = "{http://www.w3.org/1999/xlink}href"

LARGEST = 200 * 1024
MOST_NODES, DEEPEST, MOST_USES = 2_000, 30, 100

GROUPS = {"svg", "g", "defs", "symbol", "clipPath"}
SHAPES = {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "use"}
PAINT = {"linearGradient", "radialGradient", "stop"}
WORDS = {"title", "desc", "text", "tspan", "style"}
ELEMENTS = GROUPS | SHAPES | PAINT | WORDS
#: Known to SVG, of no use to a picture, and left out without a word.
IGNORED = {"metadata", "view"}

ATTRIBUTES = {
    *("id", "class", "style", "transform", "viewBox", "width", "height", "x", "y", "x1", "y1", "x2", "y2"),
    *("cx", "cy", "r", "rx", "ry", "fx", "fy", "d", "points", "dx", "dy", "rotate", "textLength", "lengthAdjust"),
    *("fill", "fill-opacity", "fill-rule", "clip-rule", "clip-path", "color", "display", "opacity", "visibility"),
    *("stroke", "stroke-width", "stroke-opacity", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit"),
    *("stroke-dasharray", "stroke-dashoffset", "stop-color", "stop-opacity", "offset", "gradientUnits"),
    *("gradientTransform", "spreadMethod", "clipPathUnits", "preserveAspectRatio", "pathLength", "overflow"),
    *("font-family", "font-size", "font-style", "font-weight", "letter-spacing", "word-spacing", "text-anchor"),
    *("dominant-baseline", "text-decoration", "paint-order", "vector-effect", "shape-rendering", "mix-blend-mode"),
}

#: What a style may call. `url` leads within the drawing only.
FUNCTIONS = {"rgb", "rgba", "hsl", "hsla", "url", "matrix", "translate", "scale", "rotate", "skewx", "skewy"}
#: Neither an at-rule nor an escape, which would hide a name from who looks for it.
STYLE = re.compile(r"[\w\s.,:;#%(){}\"'!*>+/-]*")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
CALLED = re.compile(r"([\w-]*)\s*\(")
ADDRESS = re.compile(r"url\s*\(\s*(['\"]?)(.*?)\1\s*\)", re.IGNORECASE | re.DOTALL)
URL = re.compile(r"url\s*\(", re.IGNORECASE)
CLIP = "clip-path"
RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")
CLASS = re.compile(r"\.[\w-]+")
LOCAL = re.compile(r"#[\w:.-]+")
LENGTH = re.compile(r"\s*([0-9]{0,6}(?:\.[0-9]{0,12})?)\s*(?:px|pt|mm|cm|in)?\s*")


@dataclass(frozen=True)
class Drawing:
    """`svg` is ours to serve; width and height are for its shape alone."""

    svg: str
    width: int
    height: int

    @property
    def name(self) -> str:
        return hashlib.sha256(self.svg.encode()).hexdigest()[:16]


def read(data: bytes) -> Drawing:
    """The drawing without anything that is not one. Raises ValidationError, which says what is in the way."""
    if len(data) > LARGEST:
        raise ValidationError(_("This drawing is too heavy: at most 200 KB. Simplify it, or send it as PNG."))
    root = _parsed(data)
    _measure(root)
    clean = _copy(root)
    left, top, width, height = _box(root)
    sized = {"viewBox": f"{left:g} {top:g} {width:g} {height:g}", "width": f"{width:g}", "height": f"{height:g}"}
    others = {name: value for name, value in clean.attrib.items() if name not in sized}
    clean.attrib = {"xmlns": NAMESPACE} | sized | others
    _check_uses(clean)
    _check_clips(clean)
    return Drawing(tostring(clean, encoding="unicode"), max(round(width), 1), max(round(height), 1))


def _parsed(data: bytes) -> Element:
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ValidationError(
            _("This drawing declares a document type or entities, which can do harm. Export it as plain SVG.")
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise ValidationError(_("This file could not be read as an SVG drawing.")) from error
    if root.tag != f"{SVG}svg":
        raise ValidationError(_("This file could not be read as an SVG drawing."))
    return root


def _measure(root: Element) -> None:
    """Raises ValidationError for more than a logo needs; walks without recursion, however deep it is."""
    level, count = [root], 0
    for _depth in range(DEEPEST):
        count += len(level)
        level = [child for one in level for child in one]
        if not level:
            break
    if level or count > MOST_NODES:
        raise ValidationError(_("This drawing is too complicated for a logo. Simplify it, or send it as PNG."))


def _copy(element: Element) -> Element:
    name = element.tag.removeprefix(SVG)
    copy = Element(name, dict(_attributes(element)))
    if name in WORDS:
        copy.text = element.text
    if name == "style":
        copy.text = _style(element.text or "")
        return copy
    for child in element:
        if not _is_ours(child):
            continue
        kept = _copy(child)
        kept.tail = child.tail if name in {"text", "tspan"} else None
        copy.append(kept)
    return copy


def _is_ours(element: Element) -> bool:
    """False for what is left out. Raises ValidationError for what the drawing would not be the same without."""
    if not element.tag.startswith(SVG):
        return False
    name = element.tag.removeprefix(SVG)
    if name not in ELEMENTS | IGNORED:
        raise _holds(f"<{name[:40]}>")
    return name in ELEMENTS


def _attributes(element: Element) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        plain = "href" if name == XLINK_HREF else name
        if plain.lower().startswith("on"):
            raise _holds(plain[:40])
        if plain == "href":
            if not LOCAL.fullmatch(value.strip()):
                raise _holds(f"href=“{value[:40]}”")
            yield plain, value.strip()
        elif plain in ATTRIBUTES:
            yield plain, _style(value) if plain == "style" else _value(value)


def _style(text: str) -> str:
    bare = COMMENT.sub(" ", text)
    if not STYLE.fullmatch(bare):
        raise _holds(_("a style that is not taken"))
    return _value(bare)


def _value(text: str) -> str:
    """Calls what is known, and its addresses lead within the drawing."""
    called = {name.lower() for name in CALLED.findall(text)}
    if "\\" in text or not called <= FUNCTIONS:
        raise _holds(text.strip()[:40])
    addresses = [address for _quote, address in ADDRESS.findall(text)]
    if len(URL.findall(text)) != len(addresses) or not all(LOCAL.fullmatch(one.strip()) for one in addresses):
        raise _holds("url(…)")
    return text


def _check_uses(root: Element) -> None:
    """What is used again uses nothing again: a few lines could be a billion shapes otherwise."""
    uses = list(root.iter("use"))
    named = {one.get("id"): one for one in root.iter() if one.get("id")}
    wanted = [named.get((use.get("href") or "#").removeprefix("#")) for use in uses]
    inner = [one for target in wanted if target is not None for one in target.iter("use")]
    if len(uses) > MOST_USES or inner:
        raise ValidationError(_("This drawing is too complicated for a logo. Simplify it, or send it as PNG."))


def _check_clips(root: Element) -> None:
    """What clips is not clipped itself: each step could double what a browser draws."""
    rules = RULE.findall(" ".join(style.text or "" for style in root.iter("style")))
    clipping = [one.strip() for selectors, rule in rules if CLIP in rule.lower() for one in selectors.split(",")]
    classes = {one.removeprefix(".") for one in clipping}
    named = {f"#{one.get('id')}": one for one in root.iter() if one.get("id")}
    inner = [one for clip in root.iter("clipPath") for one in clip.iter()]
    inner += [one for use in inner if use.get("href") in named for one in named[use.get("href") or ""].iter()]
    clipped = any(
        CLIP in one.attrib or CLIP in one.get("style", "").lower() or classes & set(one.get("class", "").split())
        for one in inner
    )
    if clipped or not all(CLASS.fullmatch(one) for one in clipping):
        raise ValidationError(_("This drawing is too complicated for a logo. Simplify it, or send it as PNG."))


def _box(root: Element) -> tuple[float, float, float, float]:
    """The viewBox, else width and height. Raises ValidationError where no size is said."""
    numbers = re.split(r"[\s,]+", root.get("viewBox", "").strip())
    try:
        left, top, width, height = (float(number) for number in numbers)
    except ValueError:
        left, top, width, height = 0.0, 0.0, _length(root.get("width")), _length(root.get("height"))
    if not (abs(left) < 1e6 and abs(top) < 1e6 and 0 < width < 1e6 and 0 < height < 1e6):
        raise ValidationError(_("This drawing does not say its size (viewBox)."))
    return left, top, width, height


def _length(text: str | None) -> float:
    found = LENGTH.fullmatch(text or "")
    return float(found[1]) if found and found[1].strip(".") else 0.0


def _holds(what: Any) -> ValidationError:
    return ValidationError(
        _("This drawing holds something that a logo does not need and that could do harm: %(what)s. Remove it."),
        code="unsafe",
        params={"what": what},
    )
