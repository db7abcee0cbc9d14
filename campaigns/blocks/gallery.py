"""Pictures side by side, without a script."""

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock


class GalleryPictureBlock(blocks.StructBlock):
    image = ImageBlock(label=_("Picture"))
    caption = blocks.CharBlock(
        label=_("Caption"), required=False, max_length=200, help_text=_("What the picture does not say by itself.")
    )

    class Meta:
        icon = "image"
        label = _("Picture")


class GalleryBlock(blocks.StructBlock):
    """Two pictures or more; the first one is the largest."""

    heading = blocks.CharBlock(label=_("Heading"), required=False, max_length=120, help_text=_("Empty: “In pictures”."))
    pictures = blocks.ListBlock(
        GalleryPictureBlock(),
        min_num=2,
        label=_("Pictures"),
        help_text=_("Two or more. The first is shown large; all are cropped to landscape."),
    )

    class Meta:
        icon = "image"
        label = _("Image gallery")
        description = _("Two pictures or more, each with its caption.")
        template = "campaigns/blocks/gallery.html"

    def get_preview_value(self) -> Any:
        captions = [gettext("The wheel, last spring"), gettext("The stone to be cut again")]
        return self.normalize({"pictures": [{"caption": caption} for caption in captions]})
