"""A call to contribute, in the editor's words, wherever it stands on the page."""

from typing import Any

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks


class CallTarget(models.TextChoices):
    """Where the button leads."""

    CONTRIBUTE = "contribute", _("To the choice of a contribution")
    REWARDS = "rewards", _("To the rewards on this page")


class CallToActionBlock(blocks.StructBlock):
    """Shown only while the campaign takes contributions. A page that has one ends without a call of the house's."""

    heading = blocks.CharBlock(label=_("Heading"), max_length=120)
    text = blocks.TextBlock(label=_("Text"), required=False, rows=3, max_length=400)
    target = blocks.ChoiceBlock(label=_("The button leads"), choices=CallTarget.choices, default=CallTarget.CONTRIBUTE)
    button = blocks.CharBlock(
        label=_("Text of the button"), required=False, max_length=40, help_text=_("Empty: the usual text.")
    )

    class Meta:
        icon = "pick"
        label = _("Call to action")
        description = _(
            "A heading, a few words and a button. Shown only while the campaign takes contributions; "
            "it replaces the call at the end of the page."
        )
        template = "campaigns/blocks/call_to_action.html"

    def get_preview_value(self) -> Any:
        return self.normalize(
            {
                "heading": gettext("On Saturday, bring a bag"),
                "text": gettext("With you, the stone will be cut before winter."),
                "target": CallTarget.CONTRIBUTE,
            }
        )
