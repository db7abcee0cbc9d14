"""A page's body with all its pictures and links fetched at once.

Left alone, each kind of block fetches its own pictures, each picture its own renditions, and each text its own links:
the more blocks, the more queries. Here a body's blocks are walked by their definitions, whatever they are and however
deep they nest; new kinds of blocks need nothing of their own.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.template.loader import render_to_string
from wagtail import blocks
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageBlock, ImageChooserBlock
from wagtail.models import Page
from wagtail.rich_text import RichText, expand_db_html

from home.fields import BodyField
from home.ready_queries import Ready, fields_of, padded, put_beside, row_of, same_row

#: Stands between texts while they are expanded together; stored rich text holds no comments.
BETWEEN = "<!-- -->"

#: Columns of an image that no page shows, while each of its renditions would bring them along.
UNSHOWN = frozenset({"collection_id", "created_at", "uploaded_by_user_id", "file_size"})


class Pictures:
    """Images by id, each for as many places as it stands at, with its own words at each.

    The first place gets the image itself, any other a copy; what is `taken` stands somewhere already.
    """

    def __init__(self, found: dict[int, Any], taken: set[int]) -> None:
        self._found, self._taken = found, taken

    def take(self, pk: int | None) -> Any:
        if pk is None or (known := self._found.get(pk)) is None:
            return None
        if pk not in self._taken:
            self._taken.add(pk)
            return known
        image = _without_words(same_row(known))  # they are the first place's own
        image.prefetched_renditions = [same_row(rendition) for rendition in known.prefetched_renditions]
        for rendition in image.prefetched_renditions:
            put_beside(rendition, "image", image)
        return image


class ReadyText(RichText):
    """Rich text whose links have been looked up."""

    def __init__(self, source: str, html: str) -> None:
        super().__init__(source)
        self.html = html

    def __html__(self) -> str:
        return render_to_string("wagtailcore/shared/richtext.html", {"html": self.html})


def make_ready(page: Page, *also: Any, beside: Iterable[Any] = ()) -> None:
    """Fetch what the page's bodies show, and the renditions of further images, in at most three queries.

    `beside` are what else holds a rich text as its `value`.
    """
    names = [field.name for field in page._meta.get_fields() if isinstance(field, BodyField)]
    bodies = {name: [dict(child) for child in getattr(page, name).raw_data] for name in names}
    streams = {name: getattr(page, name).stream_block for name in names}
    ids: list[Any] = []
    bare = {name: _without_pictures(streams[name], raw, ids) for name, raw in bodies.items()}
    pictures = Pictures(fetch_pictures(ids, also), {image.pk for image in also if image is not None})
    texts: list[tuple[Any, Any]] = [(holder, None) for holder in beside if holder.value]
    for name, raw in bodies.items():
        value = streams[name].bulk_to_python([bare[name]])[0]
        _put(streams[name], raw, value, pictures, texts)
        setattr(page, name, value)
    _expand(texts)


def fetch_pictures(ids: Iterable[Any], also: Iterable[Any] = ()) -> dict[int, Any]:
    """Images by id, each with all its renditions: one query, and one more if some image has none yet.

    Of the images in `also`, which are at hand, the renditions are added.
    """
    model = get_image_model()
    wanted = {pk for pk in ids if isinstance(pk, int)}
    at_hand = [image for image in also if image is not None]
    found: dict[int, Any] = {}
    asked = wanted | {image.pk for image in at_hand}
    for image, rendition in _renditions_of(asked, found):
        image.prefetched_renditions = [*getattr(image, "prefetched_renditions", []), rendition]
    for image in at_hand:
        image.prefetched_renditions = getattr(found.get(image.pk), "prefetched_renditions", [])
    if missing := wanted - found.keys():
        for pk, image in model.objects.in_bulk(list(missing)).items():
            image.prefetched_renditions = []
            found[pk] = image
    return found


def _renditions_of(asked: set[int], found: dict[int, Any]) -> Iterator[tuple[Any, Any]]:
    """Each with its image, which is made once however many there are of it, and put into `found`."""
    if not asked:
        return
    model = get_image_model()
    images, renditions = _shown_of(model), fields_of(model.get_rendition_model())
    for row in _RENDITIONS(*padded(asked)):
        rendition = row_of(model.get_rendition_model(), renditions, row[: len(renditions)])
        image = found.get(rendition.image_id)
        if image is None:
            image = found[rendition.image_id] = _without_words(row_of(model, images, row[len(renditions) :]))
        put_beside(rendition, "image", image)
        yield image, rendition


def _build_renditions(*images: int) -> Any:
    model = get_image_model()
    renditions = model.get_rendition_model().objects.filter(image__in=images).order_by("pk")
    of_image = (f"image__{name}" for name in _shown_of(model))
    return renditions.values_list(*fields_of(model.get_rendition_model()), *of_image)


def _shown_of(model: Any) -> list[str]:
    return [name for name in fields_of(model) if name not in UNSHOWN]


_RENDITIONS = Ready(_build_renditions, prepared=True)


def _without_pictures(block: Any, raw: Any, ids: list[Any]) -> Any:
    """The raw value with its pictures left out, so that turning it into Python asks for none; `ids` collects them."""
    if isinstance(block, ImageBlock | ImageChooserBlock):
        ids.append(_image_id(raw))
        return {} if isinstance(block, ImageBlock) else None
    if isinstance(block, blocks.StructBlock) and isinstance(raw, dict):
        known = block.child_blocks
        bare = {key: _without_pictures(known[key], value, ids) if key in known else value for key, value in raw.items()}
        return {key: value for key, value in bare.items() if value is not None or not _is_choice(known.get(key))}
    if isinstance(block, blocks.ListBlock) and raw:
        return [_item(item, _without_pictures(block.child_block, _value(item), ids)) for item in raw]
    if isinstance(block, blocks.StreamBlock) and raw:
        return [
            {**item, "value": _without_pictures(block.child_blocks[item["type"]], item["value"], ids)}
            for item in raw
            if item["type"] in block.child_blocks
        ]
    return raw


def _is_choice(block: Any) -> bool:
    """Of a row. Nothing chosen is what it is without a word, too, and its table is not asked."""
    return isinstance(block, blocks.ChooserBlock) and getattr(block.meta, "default", None) is None


def _put(block: Any, raw: Any, value: Any, pictures: Pictures, texts: list[tuple[Any, Any]]) -> Any:
    """The value with its pictures put in; `texts` collects what holds a rich text, and at which key."""
    if isinstance(block, ImageBlock):
        return _described(raw, pictures)
    if isinstance(block, ImageChooserBlock):
        return pictures.take(_image_id(raw))
    if isinstance(block, blocks.StructBlock) and isinstance(raw, dict):
        for key in block.child_blocks.keys() & raw.keys():
            value[key] = _put(block.child_blocks[key], raw[key], value[key], pictures, texts)
            if isinstance(value[key], RichText):
                texts.append((value, key))
    elif isinstance(block, blocks.ListBlock) and raw:
        for item, child in zip(raw, value.bound_blocks, strict=True):
            _put_child(child, _value(item), pictures, texts)
    elif isinstance(block, blocks.StreamBlock) and raw:
        known = [item for item in raw if item["type"] in block.child_blocks]
        for item, child in zip(known, value, strict=True):
            _put_child(child, item["value"], pictures, texts)
    return value


def _put_child(child: Any, raw: Any, pictures: Pictures, texts: list[tuple[Any, Any]]) -> None:
    child.value = _put(child.block, raw, child.value, pictures, texts)
    if isinstance(child.value, RichText):
        texts.append((child, None))


def _described(raw: Any, pictures: Pictures) -> Any:
    """The image with the words it has at this place, as ImageBlock gives them."""
    if (image := pictures.take(_image_id(raw))) is None:
        return None
    words = raw if isinstance(raw, dict) else {"decorative": False, "alt_text": image.default_alt_text}
    image.decorative = words.get("decorative", False)
    image.contextual_alt_text = "" if image.decorative else words.get("alt_text", "")
    return image


def _without_words(image: Any) -> Any:
    """As an image's constructor leaves it."""
    image.decorative, image.contextual_alt_text = False, None
    return image


def _image_id(raw: Any) -> int | None:
    pk = raw.get("image") if isinstance(raw, dict) else raw
    return pk if isinstance(pk, int) else None


def _value(item: Any) -> Any:
    """A list's child as stored: wrapped since Wagtail 2.16, bare before."""
    return item["value"] if _is_wrapped(item) else item


def _item(item: Any, value: Any) -> Any:
    return {**item, "value": value} if _is_wrapped(item) else value


def _is_wrapped(item: Any) -> bool:
    return isinstance(item, dict) and "id" in item and "value" in item and item.get("type") == "item"


def _expand(texts: list[tuple[Any, Any]]) -> None:
    """Look up the links of all texts together."""
    values = [holder.value if key is None else holder[key] for holder, key in texts]
    parts = expand_db_html(BETWEEN.join(value.source for value in values)).split(BETWEEN)
    if len(parts) != len(values):
        return  # a text that holds the mark itself: each is expanded when it is shown
    for (holder, key), value, html in zip(texts, values, parts, strict=True):
        ready = ReadyText(value.source, html)
        if key is None:
            holder.value = ready
        else:
            holder[key] = ready
