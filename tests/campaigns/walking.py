"""A story that has every block there is, each text of it different: whatever blocks are added are walked too."""

import uuid

from django.core.files.base import ContentFile
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.documents.models import Document
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageBlock, ImageChooserBlock
from wagtail.images.tests.utils import get_test_image_file

TEXTS = (blocks.CharBlock, blocks.TextBlock, blocks.BlockQuoteBlock)
ADDRESSES = (blocks.URLBlock, blocks.EmailBlock)


def is_text(block):
    """Whether its words are to be translated; a block that gives its own (empty) segments says that they are not."""
    return (
        isinstance(block, TEXTS)
        and not isinstance(block, ADDRESSES)
        and not hasattr(block, "get_translatable_segments")
    )


def any_image():
    return get_image_model().objects.create(title="image", file=get_test_image_file())


def a_document(content=b"x", name="texte.txt"):
    return Document.objects.create(title=name, file=ContentFile(content, name))


class Walker:
    """Fills a block with raw values. `texts` are what was written, by where it stands."""

    def __init__(self):
        self.texts = {}
        self.image = any_image().pk
        self.document = a_document().pk

    def fill(self, block, where=""):
        if isinstance(block, blocks.StreamBlock):
            return [self._child(name, child, where) for name, child in block.child_blocks.items()]
        if isinstance(block, blocks.ListBlock):
            return [self._child("item", block.child_block, where)]
        if isinstance(block, ImageBlock):
            return {"image": self.image, "alt_text": self._write(f"{where}.alt_text"), "decorative": False}
        if isinstance(block, blocks.BaseStructBlock):
            return {name: self.fill(child, f"{where}.{name}") for name, child in block.child_blocks.items()}
        return self._leaf(block, where)

    def _child(self, kind, block, where):
        return {"type": kind, "id": str(uuid.uuid4()), "value": self.fill(block, f"{where}.{kind}")}

    def _leaf(self, block, where):
        if isinstance(block, blocks.RichTextBlock):
            return f"<p>{self._write(where)}</p>"
        if is_text(block):
            return self._write(where)
        if isinstance(block, ADDRESSES):
            return "https://example.org/"
        if isinstance(block, ImageChooserBlock):
            return self.image
        if isinstance(block, DocumentChooserBlock):
            return self.document
        return block.get_prep_value(block.get_default())

    def _write(self, where):
        self.texts[where] = f"Texte {len(self.texts)} de {where.strip('.')}"
        return self.texts[where]


def texts_in(block, raw, where=""):
    """Every text of raw values by where it stands, as `Walker` wrote them."""
    if isinstance(block, blocks.StreamBlock):
        return _all(texts_in(block.child_blocks[r["type"]], r["value"], f"{where}.{r['type']}") for r in raw)
    if isinstance(block, blocks.ListBlock):
        return _all(texts_in(block.child_block, r["value"], f"{where}.item") for r in raw)
    if isinstance(block, ImageBlock):
        return {f"{where}.alt_text": raw["alt_text"]}
    if isinstance(block, blocks.BaseStructBlock):
        return _all(texts_in(child, raw[name], f"{where}.{name}") for name, child in block.child_blocks.items())
    if isinstance(block, blocks.RichTextBlock):
        return {where: raw.removeprefix("<p>").removesuffix("</p>")}
    return {where: raw} if is_text(block) else {}


def _all(found):
    return {where: text for texts in found for where, text in texts.items()}


def every_block(block, where=""):
    """Every sub-block with where it stands, the block itself last."""
    if isinstance(block, ImageBlock):
        children = {}
    elif isinstance(block, blocks.ListBlock):
        children = {"item": block.child_block}
    else:
        children = getattr(block, "child_blocks", {})
    for name, child in children.items():
        yield from every_block(child, f"{where}.{name}")
    yield where, block
