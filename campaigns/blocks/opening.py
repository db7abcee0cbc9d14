"""The poster at the top of the page, and the parts of the story."""

from typing import ClassVar

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from home.blocks import RichText


class TitleBlock(blocks.StructBlock):
    """The poster: what the campaign is, in a few words and one image. The page's title is its heading."""

    place = blocks.CharBlock(label=_("Place"), required=False, max_length=80)
    tagline = blocks.CharBlock(
        label=_("Tagline"), max_length=300, help_text=_("One or two sentences: for what, by whom, where.")
    )
    image = ImageBlock(label=_("Hero image"), required=False)

    class Meta:
        icon = "title"
        label = _("Title")
        description = _("The top of the page: tagline and hero image.")
        template = "campaigns/blocks/title.html"
        preview_value: ClassVar = {
            "tagline": "Onze fermes, un village et une pierre de 900 kg.",
            "place": "Saint-Aurèle",
        }


class DescriptionBlock(blocks.StructBlock):
    heading = blocks.CharBlock(label=_("Heading"), max_length=120)
    text = RichText(label=_("Text"))

    class Meta:
        icon = "pilcrow"
        label = _("Description")
        description = _("A part of the story, with its heading.")
        template = "campaigns/blocks/description.html"
        preview_value: ClassVar = {"heading": "Un moulin fermé depuis 1974", "text": "<p>Il manque la pierre.</p>"}
