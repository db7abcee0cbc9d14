"""The demo's pictures in a cooperative's own collection."""

from django.core.files.images import ImageFile
from wagtail.images import get_image_model
from wagtail.models import Collection

from home.models import Cooperative
from sandbox.demo.content import PICTURES, Words


class Album:
    """Pictures by name; each is added to the collection the first time it is asked for."""

    def __init__(self, cooperative: Cooperative) -> None:
        self.collection = Collection.objects.get(name=cooperative.name, depth=2)
        self._ids: dict[str, int] = {}

    def picture(self, name: str) -> int:
        """The id of the image."""
        if name not in self._ids:
            images = get_image_model().objects
            known = images.filter(collection=self.collection, title=name).first() or self._add(name)
            self._ids[name] = known.pk
        return self._ids[name]

    def _add(self, name: str):  # type: ignore[no-untyped-def] # noqa: ANN202 (the image model is a setting)
        with (PICTURES / f"{name}.png").open("rb") as file:
            return get_image_model().objects.create(
                title=name, collection=self.collection, file=ImageFile(file, name=f"{name}.png")
            )

    def block(self, name: str, alt: Words, language: str) -> dict[str, object]:
        """The value of an ImageBlock, with its alternative text in that language."""
        return {"image": self.picture(name), "alt_text": alt[language], "decorative": False}
