"""A picture in the widths that screens ask for: Wagtail's `srcset_image`, in AVIF too, and none is asked for twice."""

from collections.abc import Mapping
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.template.base import Parser, Token
from django.utils.safestring import SafeString
from wagtail.images.models import Filter
from wagtail.images.shortcuts import get_renditions_or_not_found
from wagtail.images.templatetags.wagtailimages_tags import SrcsetImageNode, image

from home import picture_drawing

register = template.Library()

WEBP, AVIF = "format-webp", "format-avif"


class WidthsNode(SrcsetImageNode):
    """A picture smaller than some of the widths has the same one for all of them, which HTML does not allow."""

    def render(self, context: Any) -> str:
        picture = self.validate_image(context)
        if not picture:
            return ""
        specs = tuple(self.filter_specs)
        renditions = get_renditions_or_not_found(picture, _filters(specs))
        attributes = {name: value.resolve(context) for name, value in self.attrs.items()}
        source = _smaller(picture, specs, attributes)
        shown = _shown(list(_by_width(renditions).values()), attributes)
        return SafeString(f"<picture>{source}{shown}</picture>" if source else shown)


def _smaller(picture: Any, specs: tuple[str, ...], attributes: dict[str, Any]) -> str:
    """The same in AVIF, which takes long to draw: where it was drawn already, or this is when it is."""
    if WEBP not in specs:
        return ""
    filters = _filters(tuple(AVIF if spec == WEBP else spec for spec in specs))
    drawn = picture.get_renditions(*filters) if picture_drawing.is_drawing() else _drawn(picture, filters)
    if len(drawn) < len(filters):
        return ""
    widths = list(_by_width(drawn).values())
    sizes = attributes.get("sizes", "100vw")
    return f'<source type="image/avif" srcset="{_safe(_srcset(widths))}" sizes="{_safe(sizes)}">'


def _shown(widths: list[Any], attributes: Mapping[str, Any]) -> str:
    """As Wagtail's `ResponsiveImage`, which spends a sixth of a page's time on making attributes safe one by one."""
    first = widths[0]
    told = {"src": first.url, "width": first.width, "height": first.height, "alt": first.alt, **attributes}
    if len(widths) > 1:
        told["srcset"] = _srcset(widths)
    named = [f' {name}="{_safe(value)}"' for name, value in sorted(told.items()) if value is not None]
    return f"<img{''.join(named)}>"


def _safe(value: Any) -> str:
    """What stands in a template is safe already."""
    return value if type(value) is SafeString else escape(str(value))


def _srcset(widths: list[Any]) -> str:
    return ", ".join([f"{one.url} {one.width}w" for one in widths])


def _drawn(picture: Any, filters: list[Filter]) -> dict[Filter, Any]:
    found: dict[Filter, Any] = picture.find_existing_renditions(*filters)
    return {filter: found[filter] for filter in filters if filter in found}


def _by_width(renditions: dict[Any, Any]) -> dict[int, Any]:
    return {rendition.width: rendition for rendition in renditions.values()}


@lru_cache(maxsize=256)
def _filters(specs: tuple[str, ...]) -> list[Filter]:
    """Read from what the template says once: it is the same for every picture that the tag shows."""
    return [Filter(spec) for spec in Filter.expand_spec(specs)]


@register.tag
def srcset_once(parser: Parser, token: Token) -> WidthsNode:
    """Takes what `srcset_image` takes."""
    token.contents = token.contents.replace("srcset_once", "srcset_image", 1)
    node = image(parser, token)
    return WidthsNode(node.image_expr, node.filter_specs, attrs=node.attrs)
