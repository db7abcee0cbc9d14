"""The demo's film and its captions in a cooperative's own collection."""

from pathlib import Path

from django.core.files.base import File
from wagtail.documents import get_document_model
from wagtail.models import Collection
from wagtailmedia.models import Media

FILMS = Path(__file__).parent / "films"


class Films:
    """Files by name; each is added to the collection the first time it is asked for."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection

    def film(self, name: str) -> int:
        return self._found(Media, f"{name}.mp4", type="video")

    def captions(self, name: str, language: str) -> int:
        return self._found(get_document_model(), f"{name}-{language}.vtt")

    def _found(self, model, name: str, **fields: str) -> int:  # type: ignore[no-untyped-def] # noqa: ANN001 (a setting)
        known = model.objects.filter(collection=self.collection, title=name).first()
        if known is None:
            with (FILMS / name).open("rb") as file:
                known = model.objects.create(
                    title=name, collection=self.collection, file=File(file, name=name), **fields
                )
        return known.pk
