"""The passages of a page that are to be translated, read from its stored content without asking the database.

The same passages, at the same paths, as wagtail-localize finds when it prepares a translation (a test compares the
two); there it fetches each picture on the way, which a list of pages cannot afford.
"""

import json
from collections.abc import Iterator
from typing import Any

from django.db import models
from wagtail import blocks
from wagtail.fields import StreamField
from wagtail.images.blocks import ImageBlock
from wagtail.models import Page
from wagtail_localize.fields import TranslatableField, get_translatable_fields
from wagtail_localize.strings import StringValue, extract_strings

#: Where a text stands (`body.<block id>.title`), and the text.
Passage = tuple[str, str]

#: The address follows from the title (`home.translation.bilingual` proposes it): nobody translates it.
FOLLOWS = "slug"


def passages_of(model: type[Page], content: dict[str, Any]) -> list[Passage]:
    """The passages of a page from its serialized content, as a revision keeps it."""
    found: list[Passage] = []
    for translatable in get_translatable_fields(model):
        if not isinstance(translatable, TranslatableField) or translatable.field_name == FOLLOWS:
            continue
        field, value = translatable.get_field(model), content.get(translatable.field_name)
        if isinstance(field, StreamField):
            stored = json.loads(value) if isinstance(value, str) else value
            found += _of_stream(field.stream_block, stored or [], field.name)
        elif isinstance(field, models.TextField | models.CharField) and value:
            found.append((field.name, _plain(value)))
    return found


def _of_stream(block: blocks.StreamBlock, items: list[Any], path: str) -> Iterator[Passage]:
    for item in items:
        child = block.child_blocks.get(item["type"])
        if child is not None:
            yield from _of_block(child, item["value"], f"{path}.{item['id']}")


def _of_block(block: blocks.Block, value: Any, path: str) -> Iterator[Passage]:
    if hasattr(block, "get_translatable_segments"):
        yield from (
            (f"{path}.{one.path}".rstrip("."), one.string.data) for one in block.get_translatable_segments(value)
        )
    elif isinstance(block, blocks.RichTextBlock):
        yield from ((path, string.data) for string, _attributes in extract_strings(value or "")[1] if string.data)
    elif isinstance(block, blocks.CharBlock | blocks.TextBlock | blocks.BlockQuoteBlock):
        if value:
            yield path, _plain(value)
    elif isinstance(block, blocks.StreamBlock):
        yield from _of_stream(block, value or [], path)
    elif isinstance(block, blocks.ListBlock):
        for item in value or []:
            if isinstance(item, dict) and "id" in item:
                yield from _of_block(block.child_block, item["value"], f"{path}.{item['id']}")
    elif isinstance(block, blocks.StructBlock | ImageBlock):
        for name, child in block.child_blocks.items():
            yield from _of_block(child, (value or {}).get(name), f"{path}.{name}")


def _plain(text: str) -> str:
    """As wagtail-localize keeps a text without markup."""
    kept: str = StringValue.from_plaintext(text).data
    return kept
