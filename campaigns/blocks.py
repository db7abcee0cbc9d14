"""The blocks of a campaign page, each with its own template in templates/campaigns/blocks/."""

import re
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock, ImageChooserBlock

from campaigns.enums import Handover
from home.blocks import RichText
from home.fields import AmountBlock, MonthBlock

YOUTUBE = re.compile(r"^https://(?:www\.youtube\.com/watch\?v=|youtu\.be/)([\w-]{11})(?:[&?].*)?$")
VIMEO = re.compile(r"^https://(?:www\.)?vimeo\.com/(\d+)(?:[?/].*)?$")


def video_embed(url: str) -> str:
    """The address that plays a known host's video in a frame; empty for any other host."""
    if match := YOUTUBE.match(url):
        return f"https://www.youtube-nocookie.com/embed/{match[1]}?autoplay=1"
    if match := VIMEO.match(url):
        return f"https://player.vimeo.com/video/{match[1]}?autoplay=1&dnt=1"
    return ""


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


class VideoValue(blocks.StructValue):
    @property
    def embed_url(self) -> str:
        return video_embed(self["url"])

    @property
    def minutes_and_seconds(self) -> tuple[int, int]:
        return divmod(self["duration"], 60)


class VideoBlock(blocks.StructBlock):
    """A video of a known host, loaded only once the visitor asks. No network at validation."""

    url = blocks.CharBlock(label=_("Address"), help_text=_("A YouTube or Vimeo address."), max_length=300)
    title = blocks.CharBlock(label=_("Title of the video"), max_length=160)
    duration = blocks.IntegerBlock(
        label=_("Duration, in seconds"), min_value=1, help_text=_("Between one and three minutes is best.")
    )
    poster = ImageChooserBlock(label=_("Poster"), required=False, help_text=_("Shown before the video is played."))
    transcript = RichText(label=_("Transcript"), features=["bold", "italic"])

    class Meta:
        icon = "media"
        label = _("Video")
        description = _("A video from YouTube or Vimeo, with its transcript. Nothing is loaded before a click.")
        template = "campaigns/blocks/video.html"
        value_class = VideoValue
        preview_value: ClassVar = {
            "url": "https://vimeo.com/76979871",
            "title": "Notre moulin",
            "duration": 130,
            "transcript": "",
        }

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if not video_embed(cleaned["url"]):
            message = _("We can play videos from YouTube and Vimeo. Paste the address of the video's page.")
            raise blocks.StructBlockValidationError(block_errors={"url": ValidationError(message)})
        return cleaned


class RewardTierBlock(blocks.StructBlock):
    """One tier as the editor sees it. Its terms are the Reward row; the page shows the row's figures."""

    title = blocks.CharBlock(label=_("Title"), max_length=160)
    description = blocks.TextBlock(label=_("Description"), rows=3)
    amount = AmountBlock(label=_("Amount"), min_cents=100)
    limit = blocks.IntegerBlock(
        label=_("Limit"), required=False, min_value=1, help_text=_("How many there are; empty: as many as wished.")
    )
    estimated_delivery = MonthBlock(label=_("Estimated delivery"))
    handover = blocks.ChoiceBlock(label=_("Handover"), choices=Handover.choices, default=Handover.POST)
    image = ImageBlock(label=_("Image"), required=False)
    retired = blocks.BooleanBlock(
        label=_("Retired"),
        required=False,
        help_text=_("No longer offered; contributions already made remain valid."),
    )

    class Meta:
        icon = "tag"
        label = _("Reward")
        description = _("What a backer receives for an amount.")
        form_classname = "struct-block reward-tier"


class RewardTiersBlock(blocks.ListBlock):
    """The tiers, in the order of the page."""

    def __init__(self, child: Any = None, **kwargs: Any) -> None:
        super().__init__(child or RewardTierBlock(), **kwargs)

    class Meta:
        icon = "tag"
        label = _("Reward tiers")
        description = _("The rewards that backers choose from.")
        template = "campaigns/blocks/reward_tiers.html"
        preview_value: ClassVar = [
            {"title": "Le sac de farine", "description": "Deux kilos de farine de blé intégrale.", "amount": 3000},
            {"title": "La boîte du meunier", "description": "Trois farines du village.", "amount": 6500},
        ]


class CampaignStoryBlock(blocks.StreamBlock):
    title = TitleBlock()
    description = DescriptionBlock()
    video = VideoBlock()
    reward_tiers = RewardTiersBlock()

    class Meta:
        block_counts: ClassVar = {"title": {"max_num": 1}, "reward_tiers": {"max_num": 1}}
