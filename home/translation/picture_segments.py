"""Pictures with their alternative text, as wagtail-localize takes them apart and puts them together.

Its own functions stop on a block without a picture, or one stored before the picture was added to it (they read the
stored value), and forget that a picture is decorative where another is chosen for a language. They cannot be told
otherwise by a block of ours: they look for ImageBlock before anything else. So they are replaced here.
"""

from typing import Any

from wagtail_localize.segments import StringSegmentValue
from wagtail_localize.segments.extract import StreamFieldSegmentExtractor
from wagtail_localize.segments.ingest import StreamFieldSegmentsWriter

put_together = StreamFieldSegmentsWriter.handle_image_block


def take_apart(extractor: Any, block: Any, image: Any, raw_value: Any = None) -> list[Any]:
    """The picture, which a language may have of its own, and its words; nothing where there is no picture."""
    if image is None:
        return []
    segments = [segment.wrap("image") for segment in extractor.handle_related_object_block(image)]
    return [*segments, StringSegmentValue("", image.contextual_alt_text or "").wrap("alt_text")]


def keep_decorative(writer: Any, block: Any, image: Any, segments: list[Any]) -> Any:
    """The picture of a language is decorative if the source's is."""
    shown = put_together(writer, block, image, segments)
    if shown is not None:
        shown.decorative = image.decorative
    return shown


StreamFieldSegmentExtractor.handle_image_block = take_apart
StreamFieldSegmentsWriter.handle_image_block = keep_decorative
