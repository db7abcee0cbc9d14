"""The poster at the top of the page, and the parts of the story."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from home.blocks import RichText


class TitleBlock(blocks.StructBlock):
    """The poster: what the campaign is, in a few words and one image. The page's title is its heading."""

    place = blocks.CharBlock(
        label=_("Place"), required=False, max_length=80, help_text=_("The village or town, and the region.")
    )
    tagline = blocks.CharBlock(
        label=_("Tagline"), max_length=300, help_text=_("One or two sentences: for what, by whom, where.")
    )
    image = ImageBlock(
        label=_("Hero image"),
        required=False,
        help_text=_("One large picture without words in it; at least 1,600 pixels wide."),
    )

    class Meta:
        icon = "title"
        label = _("Title")
        description = _("The top of the page: tagline and hero image.")
        template = "campaigns/blocks/title.html"

    def get_preview_value(self) -> Any:
        return self.normalize(
            {
                "place": gettext("Your village, your region"),
                "tagline": gettext("Eleven farms, one village and a 900 kg stone."),
            }
        )


class DescriptionBlock(blocks.StructBlock):
    heading = blocks.CharBlock(label=_("Heading"), max_length=120, help_text=_("What this part says, in a few words."))
    text = RichText(label=_("Text"), help_text=_("Short paragraphs. What is done, by whom, with how much."))

    class Meta:
        icon = "pilcrow"
        label = _("Description")
        description = _("A part of the story, with its heading.")
        template = "campaigns/blocks/description.html"

    def get_preview_value(self) -> Any:
        text = gettext("The roof is new, the wheel turns. Only the stone is missing.")
        return self.normalize({"heading": gettext("A mill closed since 1974"), "text": f"<p>{text}</p>"})
