"""What others wrote about the campaign."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from home import clock


class QuoteBlock(blocks.StructBlock):
    quote = blocks.TextBlock(
        label=_("Quote"), rows=3, max_length=400, help_text=_("Word for word, without quotation marks.")
    )
    source = blocks.CharBlock(label=_("Source"), max_length=160, help_text=_("The newspaper, the radio, the person."))
    link = blocks.URLBlock(label=_("Link"), required=False, help_text=_("The address of the article."))
    published_on = blocks.DateBlock(label=_("Date"), required=False)

    class Meta:
        icon = "openquote"
        label = _("Quote")

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned["published_on"] and cleaned["published_on"] > clock.now().date():
            message = ValidationError(_("This date is still to come: give the day it was published."))
            raise blocks.StructBlockValidationError({"published_on": message})
        return cleaned


class PressBlock(blocks.StructBlock):
    heading = blocks.CharBlock(
        label=_("Heading"), required=False, max_length=120, help_text=_("Empty: “In the press”.")
    )
    quotes = blocks.ListBlock(QuoteBlock(), min_num=1, label=_("Quotes"), help_text=_("The first one is shown large."))

    class Meta:
        icon = "openquote"
        label = _("Press quotes")
        description = _("What the press wrote: quote, source, link and date.")
        template = "campaigns/blocks/press.html"

    def get_preview_value(self) -> Any:
        quotes = [
            {
                "quote": gettext("A village that mills its own grain again."),
                "source": gettext("The regional paper"),
                "published_on": date(2026, 9, 12),
            },
            {"quote": gettext("You can hear the wheel from the church."), "source": gettext("Community radio")},
        ]
        return self.normalize({"quotes": quotes})
