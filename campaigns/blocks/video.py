"""A video that loads nothing before someone asks for it."""

import re
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageChooserBlock

from home.blocks import RichText

YOUTUBE = re.compile(r"^https://(?:www\.youtube\.com/watch\?v=|youtu\.be/)([\w-]{11})(?:[&?].*)?$")
VIMEO = re.compile(r"^https://(?:www\.)?vimeo\.com/(\d+)(?:[?/].*)?$")


def video_embed(url: str) -> str:
    """The address that plays a known host's video in a frame; empty for any other host."""
    if match := YOUTUBE.match(url):
        return f"https://www.youtube-nocookie.com/embed/{match[1]}?autoplay=1"
    if match := VIMEO.match(url):
        return f"https://player.vimeo.com/video/{match[1]}?autoplay=1&dnt=1"
    return ""


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
