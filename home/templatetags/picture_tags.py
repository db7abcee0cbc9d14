"""A picture in the widths that screens ask for: Wagtail's `srcset_image`, in AVIF too, and none is asked for twice."""

from functools import lru_cache
from typing import Any

from django import template
from django.template.base import Parser, Token
from django.utils.html import format_html
from django.utils.safestring import SafeString
from wagtail.images.models import Filter, ResponsiveImage
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
        shown = ResponsiveImage(_by_width(renditions), attributes).__html__()
        return format_html("<picture>{}{}</picture>", source, SafeString(shown)) if source else shown


def _smaller(picture: Any, specs: tuple[str, ...], attributes: dict[str, Any]) -> str:
    """The same in AVIF, which takes long to draw: where it was drawn already, or this is when it is."""
    if WEBP not in specs:
        return ""
    filters = _filters(tuple(AVIF if spec == WEBP else spec for spec in specs))
    drawn = picture.get_renditions(*filters) if picture_drawing.is_drawing() else _drawn(picture, filters)
    if len(drawn) < len(filters):
        return ""
    widths = list(_by_width(drawn).values())
    return format_html(
        '<source type="image/avif" srcset="{}" sizes="{}">',
        ", ".join(f"{one.url} {one.width}w" for one in widths),
        attributes.get("sizes", "100vw"),
    )


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
