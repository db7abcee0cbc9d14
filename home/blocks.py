"""Blocks that every app's pages may hold."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

FEATURES = ["h2", "h3", "bold", "italic", "ol", "ul", "link", "document-link"]


class RichText(blocks.RichTextBlock):
    """Paragraphs, headings, lists and links; the same features everywhere."""

    def __init__(self, **kwargs: object) -> None:
        kwargs.setdefault("features", FEATURES)
        super().__init__(**kwargs)


class TextBlock(blocks.StructBlock):
    text = RichText(label=_("Text"))

    class Meta:
        icon = "pilcrow"
        label = _("Text")
        description = _("Paragraphs, headings, lists and links.")
        template = "home/blocks/text.html"
        preview_value: ClassVar = {"text": "<p>Onze fermes, un village et une pierre de 900 kg.</p>"}


class BodyStoryBlock(blocks.StreamBlock):
    text = TextBlock()
