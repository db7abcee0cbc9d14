"""The blocks of an update."""

from django import forms
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from home.blocks import TextBlock
from home.fields import MonthBlock
from updates.tier_choices import tier_choices


class PhotoBlock(blocks.StructBlock):
    image = ImageBlock(label=_("Photo"))
    caption = blocks.CharBlock(label=_("Caption"), required=False, max_length=200)

    class Meta:
        icon = "image"
        label = _("Photo")
        description = _("A photo with its caption.")
        template = "updates/blocks/photo.html"


class DelayNoticeBlock(blocks.StructBlock):
    """What the editor announces. Publishing shows nothing of it and changes no promise: announcing does."""

    rewards = blocks.MultipleChoiceBlock(
        label=_("Rewards concerned"),
        choices=tier_choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The rewards whose month changes."),
    )
    pledged_before = blocks.DateBlock(
        label=_("Only contributions made before"),
        required=False,
        help_text=_("Empty: every contribution that waits for these rewards. A launch offer may well arrive first."),
    )
    month = MonthBlock(label=_("New month"))
    reason = blocks.TextBlock(label=_("Reason, in one or two sentences"), rows=3, max_length=600)
    next_steps = blocks.TextBlock(label=_("What happens next"), rows=3, max_length=600)
    next_news_on = blocks.DateBlock(label=_("Next news by"))

    class Meta:
        icon = "date"
        label = _("Delay notice")
        description = _("New month for one or more rewards. Announcing it is a separate act.")
        template = "updates/blocks/delay_notice.html"


class UpdateStoryBlock(blocks.StreamBlock):
    text = TextBlock()
    photo = PhotoBlock()
    delay_notice = DelayNoticeBlock()
