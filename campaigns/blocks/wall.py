"""The wall of thanks: the cooperative's words here; the names are those that backers chose to show."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from home.blocks import RichText


class WallBlock(blocks.StructBlock):
    heading = blocks.CharBlock(
        label=_("Heading"),
        required=False,
        max_length=120,
        help_text=_("Empty: “Thank you to everyone who contributed”."),
    )
    text = RichText(label=_("Thanks"), required=False, features=["bold", "italic", "link"])

    class Meta:
        icon = "group"
        label = _("Wall of thanks")
        description = _(
            "The names of backers who chose to show theirs. Backers are asked while this block is on the page; "
            "those who do not answer are not shown."
        )
        template = "campaigns/blocks/wall.html"
        preview_value: ClassVar[dict[str, Any]] = {
            "heading": "",
            "text": "<p>Sans vous, la pierre serait encore lisse.</p>",
        }
