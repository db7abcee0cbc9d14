"""What a form takes where an image or a document is chosen: nothing that lies with another cooperative."""

import pytest
from django.core.files.base import ContentFile
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.documents.models import Document
from wagtail.images.blocks import ImageBlock, ImageChooserBlock
from wagtail.images.models import Image
from wagtail.images.tests.utils import get_test_image_file
from wagtail.models import Collection


def collection_of(cooperative):
    return Collection.objects.get(name=cooperative.name) if cooperative else Collection.get_first_root_node()


def make_image(cooperative):
    return Image.objects.create(title="Image", file=get_test_image_file(), collection=collection_of(cooperative))


def make_document(cooperative):
    file = ContentFile(b"x", "texte.txt")
    return Document.objects.create(title="Texte", file=file, collection=collection_of(cooperative))


@pytest.mark.parametrize(
    ("block", "make"),
    [(ImageChooserBlock, make_image), (DocumentChooserBlock, make_document)],
    ids=["image", "document"],
)
def test_a_block_takes_what_is_ours_or_everyone_s(inside, outsider, block, make):
    ours, theirs, everyone_s = make(inside), make(outsider), make(None)

    def taken(value):
        return block().value_from_datadict({"choice": value}, {}, "choice")

    assert taken(str(ours.pk)) == ours
    assert taken(str(everyone_s.pk)) == everyone_s
    assert taken(str(theirs.pk)) is None
    assert taken("") is None


def test_an_image_with_its_description_is_held_to_the_same(inside, outsider):
    theirs = make_image(outsider)
    posted = {"choice-image": str(theirs.pk), "choice-alt_text": "Le phare", "choice-decorative": ""}
    assert ImageBlock().value_from_datadict(posted, {}, "choice") is None


def test_nonsense_is_left_to_the_field(inside):
    posted = {"choice": "9" * 40}
    assert ImageChooserBlock().field.widget.value_from_datadict(posted, {}, "choice") == "9" * 40
