"""A video that loads nothing before someone asks for it: of a known host, or a file of the cooperative's."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ValidationError
from django.utils.html import strip_tags
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock
from wagtailmedia.blocks import VideoChooserBlock

from campaigns.captions import is_webvtt
from home.blocks import RichText
from home.languages import CHOICES, TAGS, current

YOUTUBE_HOSTS = {"youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be"}
YOUTUBE_ID = re.compile(r"^(?:/(?:embed|shorts|live))?/([\w-]{11})/?$")
VIMEO_HOSTS = {"vimeo.com", "www.vimeo.com", "player.vimeo.com"}
VIMEO_PATH = re.compile(r"^(?:/video)?/(\d+)(?:/(\w+))?/?$")


def video_embed(url: str) -> str:
    """The address that plays a known host's video in a frame; empty for any other address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"}:
        return ""
    if parts.hostname in YOUTUBE_HOSTS:
        return _youtube(parts.path, parse_qs(parts.query))
    if parts.hostname in VIMEO_HOSTS:
        return _vimeo(parts.path)
    return ""


def _youtube(path: str, query: dict[str, list[str]]) -> str:
    named = f"/{query.get('v', [''])[0]}" if path == "/watch" else path
    match = YOUTUBE_ID.match(named)
    return f"https://www.youtube-nocookie.com/embed/{match[1]}?autoplay=1" if match else ""


def _vimeo(path: str) -> str:
    """An unlisted video has a second part, without which it does not play."""
    match = VIMEO_PATH.match(path)
    if not match:
        return ""
    return f"https://player.vimeo.com/video/{match[1]}?autoplay=1&dnt=1" + (f"&h={match[2]}" if match[2] else "")


@dataclass(frozen=True)
class Track:
    """Captions in one language; `name` is in that language, `shown` those of the page's."""

    tag: str
    name: str
    url: str
    shown: bool


class VideoValue(blocks.StructValue):
    @property
    def embed_url(self) -> str:
        return video_embed(self["url"] or "")

    @property
    def minutes_and_seconds(self) -> tuple[int, int]:
        return divmod(self["duration"] or 0, 60)

    @property
    def tracks(self) -> list[Track]:
        return [
            Track(TAGS[code], str(name).capitalize(), document.url, code == current())
            for code, name in CHOICES
            if (document := self.get(f"captions_{code}"))
        ]


class VideoBlock(blocks.StructBlock):
    """One video, by its address or as a file, with captions or a transcript. No network at validation."""

    url = blocks.URLBlock(
        label=_("Address"),
        required=False,
        max_length=300,
        help_text=_("The address of the video's page on YouTube or Vimeo. Or choose a file below."),
    )
    file = VideoChooserBlock(
        label=_("File"), required=False, help_text=_("An MP4 or WebM file, instead of an address.")
    )
    title = blocks.CharBlock(label=_("Title of the video"), max_length=160)
    duration = blocks.IntegerBlock(
        label=_("Duration, in seconds"), min_value=1, help_text=_("Between one and three minutes is best.")
    )
    poster = ImageChooserBlock(label=_("Poster"), required=False, help_text=_("Shown before the video is played."))
    captions_fr = DocumentChooserBlock(
        label=_("Captions in French"), required=False, help_text=_("For a file: a WebVTT document (.vtt).")
    )
    captions_en = DocumentChooserBlock(
        label=_("Captions in English"), required=False, help_text=_("For a file: a WebVTT document (.vtt).")
    )
    transcript = RichText(
        label=_("Transcript"),
        features=["bold", "italic"],
        required=False,
        help_text=_("What is said and what is seen, for those who read it. Not needed for a file with captions."),
    )

    class Meta:
        icon = "media"
        label = _("Video")
        description = _(
            "A video from YouTube or Vimeo, or a file, with captions or a transcript. Nothing is loaded before a click."
        )
        template = "campaigns/blocks/video.html"
        value_class = VideoValue

    def get_preview_value(self) -> Any:
        said = gettext("Listen. That is the wheel. It has been turning since spring.")
        return self.normalize(
            {
                "url": "https://vimeo.com/76979871",
                "title": gettext("Two minutes inside the mill"),
                "duration": 130,
                "transcript": f"<p>{said}</p>",
            }
        )

    def clean(self, value: Any) -> Any:
        """The errors of all fields at once. A draft may lack its source and its words, and may not have them wrong."""
        errors: dict[str, ValidationError] = {}
        cleaned = value
        try:
            cleaned = super().clean(value)
        except blocks.StructBlockValidationError as error:
            errors |= error.block_errors
        found = self._wrong(cleaned)
        if not self.is_deferred_validation:
            found |= self._missing(cleaned)
        errors = {name: ValidationError(message) for name, message in found.items()} | errors
        if errors:
            raise blocks.StructBlockValidationError(errors)
        return cleaned

    def _wrong(self, value: Any) -> dict[str, Any]:
        wrong = {}
        if value["url"] and value["file"]:
            wrong["file"] = _("Give either an address or a file, not both.")
        elif value["url"] and not video_embed(value["url"]):
            wrong["url"] = _("We can play videos from YouTube and Vimeo. Paste the address of the video's page.")
        for name in ("captions_fr", "captions_en"):
            if value[name] and value["url"] and not value["file"]:
                wrong[name] = _("Captions go with a file. Add these on YouTube or Vimeo, and give the transcript here.")
            elif value[name] and not is_webvtt(value[name]):
                wrong[name] = _("This document is not in the WebVTT format. Its first line must be WEBVTT.")
        return wrong

    def _missing(self, value: Any) -> dict[str, Any]:
        missing = {}
        if not value["url"] and not value["file"]:
            missing["url"] = _("Give the address of a video, or choose a file.")
        captioned = value["file"] and (value["captions_fr"] or value["captions_en"])
        if not captioned and not strip_tags(value["transcript"].source).strip():
            missing["transcript"] = (
                _("Give captions or a transcript: everyone must be able to follow the video.")
                if value["file"]
                else _("Give the transcript: everyone must be able to follow the video.")
            )
        return missing
