"""A picture in the widths that screens ask for: Wagtail's `srcset_image`, where none is asked for twice."""

from typing import Any

from django import template
from django.template.base import Parser, Token
from wagtail.images.models import ResponsiveImage
from wagtail.images.shortcuts import get_renditions_or_not_found
from wagtail.images.templatetags.wagtailimages_tags import SrcsetImageNode, image

register = template.Library()


class WidthsNode(SrcsetImageNode):
    """A picture smaller than some of the widths has the same one for all of them, which HTML does not allow."""

    def render(self, context: Any) -> str:
        picture = self.validate_image(context)
        if not picture:
            return ""
        renditions = get_renditions_or_not_found(picture, self.get_filters())
        by_width = {rendition.width: rendition for rendition in renditions.values()}
        attributes = {name: value.resolve(context) for name, value in self.attrs.items()}
        return ResponsiveImage(by_width, attributes).__html__()


@register.tag
def srcset_once(parser: Parser, token: Token) -> WidthsNode:
    """Takes what `srcset_image` takes."""
    token.contents = token.contents.replace("srcset_once", "srcset_image", 1)
    node = image(parser, token)
    return WidthsNode(node.image_expr, node.filter_specs, attrs=node.attrs)
