"""The blocks of an update."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from campaigns.blocks import GalleryBlock, VideoBlock
from home import clock
from home.blocks import RichText, TextBlock
from home.fields import MonthBlock
from updates.enums import MilestoneState
from updates.tier_choices import tier_choices


class PhotoBlock(blocks.StructBlock):
    image = ImageBlock(label=_("Photo"))
    caption = blocks.CharBlock(label=_("Caption"), required=False, max_length=200)

    class Meta:
        icon = "image"
        label = _("Photo")
        description = _("A photo with its caption.")
        template = "updates/blocks/photo.html"

    def get_preview_value(self) -> Any:
        return self.normalize({"caption": gettext("The wheel, last spring")})


class UpdateGalleryBlock(GalleryBlock):
    """Two pictures or more, within the width of the letter."""

    class Meta:
        icon = "image"
        label = _("Photos")
        description = _("Two photos or more, each with its caption.")
        template = "updates/blocks/gallery.html"


class UpdateVideoBlock(VideoBlock):
    """A campaign's video, within the width of the letter: nothing is loaded from elsewhere before a click."""

    class Meta:
        template = "updates/blocks/video.html"


class MilestoneBlock(blocks.StructBlock):
    """A step of the work, with its day. A day and a state say the same in every language."""

    title = blocks.CharBlock(label=_("Milestone"), max_length=120, help_text=_("For example: “The stone is cut”."))
    date = blocks.DateBlock(label=_("Date"), help_text=_("The day it was reached, or the day it is expected."))
    state = blocks.ChoiceBlock(label=_("State"), choices=MilestoneState.choices, default=MilestoneState.DONE)

    class Meta:
        icon = "date"
        label = _("Milestone")
        description = _("A step of the work with its date: done, or to come.")
        template = "updates/blocks/milestone.html"

    def get_preview_value(self) -> Any:
        title = gettext("The stone is cut")
        return self.normalize({"title": title, "date": clock.now().date(), "state": MilestoneState.DONE})


class ThanksBlock(blocks.StructBlock):
    heading = blocks.CharBlock(label=_("Heading"), required=False, max_length=120, help_text=_("Empty: “Thank you”."))
    text = RichText(label=_("Text"))

    class Meta:
        icon = "group"
        label = _("Thanks")
        description = _("A word of thanks, set apart from the rest.")
        template = "updates/blocks/thanks.html"

    def get_preview_value(self) -> Any:
        said = gettext("Without you, the wheel would still be standing.")
        return self.normalize({"text": f"<p>{said}</p>"})


class FulfilmentBlock(blocks.StructBlock):
    """Generated: no figure is typed."""

    heading = blocks.CharBlock(
        label=_("Heading"), required=False, max_length=120, help_text=_("Empty: “Where the rewards stand”.")
    )

    class Meta:
        icon = "tasks"
        label = _("Fulfilment progress")
        description = _("What was sent and what was received, for each reward. The figures follow by themselves.")
        template = "updates/blocks/fulfilment.html"

    def get_preview_value(self) -> Any:
        return self.normalize({"heading": ""})


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
    gallery = UpdateGalleryBlock()
    video = UpdateVideoBlock()
    milestone = MilestoneBlock()
    thanks = ThanksBlock()
    fulfilment = FulfilmentBlock()
    delay_notice = DelayNoticeBlock()
