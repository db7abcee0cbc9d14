"""Pictures, documents and videos of one cooperative, copied into the collection of another with what names them.

Each copy has a file of its own, so that removing one leaves the other whole.
"""

import copy
from pathlib import PurePath
from typing import Any

from django.core.files.base import ContentFile
from django.db.models import FileField, Model
from wagtail import blocks
from wagtail.documents.models import Document
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageBlock
from wagtail.models import Collection
from wagtailmedia.models import Media


class Shelf:
    """A collection that files are copied into, each once however often it is asked for."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._copies: dict[tuple[type[Model], int], int | None] = {}

    def copy_of(self, model: type[Model], pk: Any) -> int | None:
        """The id of the copy; None where the row or its file is gone."""
        if not isinstance(pk, int):
            return None
        if (model, pk) not in self._copies:
            self._copies[model, pk] = self._copied(model, pk)
        return self._copies[model, pk]

    def _copied(self, model: type[Model], pk: int) -> int | None:
        row = model._default_manager.filter(pk=pk).first()
        if row is None:
            return None
        made: Any = copy.copy(row)
        made.pk, made._state = None, copy.copy(row._state)
        made._state.adding, made._state.fields_cache = True, {}
        made.collection = self.collection
        try:
            for field in row._meta.concrete_fields:
                if isinstance(field, FileField) and (stored := getattr(row, field.attname)):
                    with stored.open("rb") as file:
                        setattr(made, field.attname, ContentFile(file.read(), name=PurePath(stored.name).name))
        except FileNotFoundError:
            return None
        made.save()
        return int(made.pk)

    def with_copies(self, block: blocks.Block, raw: Any) -> Any:
        """The stored value of a block with every file that it names replaced by its copy."""
        if isinstance(block, ImageBlock):
            return self._picture(raw)
        if isinstance(block, blocks.ChooserBlock):
            model = block.model_class
            is_file = issubclass(model, get_image_model() | Document | Media)
            return self.copy_of(model, raw) if is_file else raw
        if isinstance(block, blocks.StructBlock) and isinstance(raw, dict):
            known = block.child_blocks
            return {name: self.with_copies(known[name], one) if name in known else one for name, one in raw.items()}
        if isinstance(block, blocks.ListBlock) and isinstance(raw, list):
            return [{**item, "value": self.with_copies(block.child_block, item["value"])} for item in raw]
        if isinstance(block, blocks.StreamBlock) and isinstance(raw, list):
            known = block.child_blocks
            return [
                {**item, "value": self.with_copies(known[item["type"]], item["value"])}
                for item in raw
                if item["type"] in known
            ]
        return raw

    def _picture(self, raw: Any) -> Any:
        """Kept with its words, or by its id alone, as older content has it."""
        model = get_image_model()
        if isinstance(raw, dict):
            return {**raw, "image": self.copy_of(model, raw.get("image"))}
        return self.copy_of(model, raw)
