"""Bodies made ready: the same values as Wagtail's own, in as few queries whatever stands in them."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from wagtail import blocks
from wagtail.images import get_image_model
from wagtail.images.blocks import ImageBlock, ImageChooserBlock
from wagtail.images.tests.utils import get_test_image_file

from campaigns.models import CampaignPage
from home import ready_bodies
from home.blocks import RichText
from home.tenancy import within
from tests.factories.campaigns import body_of, make_campaign_page, translate


class Member(blocks.StructBlock):
    portrait = ImageBlock(required=False)
    words = RichText()


class Album(blocks.StructBlock):
    cover = ImageChooserBlock(required=False)
    pictures = blocks.ListBlock(ImageBlock())
    members = blocks.ListBlock(Member())
    more = blocks.StreamBlock([("picture", ImageChooserBlock()), ("text", RichText()), ("plain", blocks.CharBlock())])
    logos = blocks.ListBlock(ImageChooserBlock())
    texts = blocks.ListBlock(RichText())


class Everything(blocks.StreamBlock):
    album = Album()
    picture = ImageBlock()
    text = RichText()
    number = blocks.IntegerBlock()


def described(pk, words="Un dessin", decorative=False):
    return {"image": pk, "alt_text": words, "decorative": decorative}


def item(value):
    return {"type": "item", "id": str(uuid.uuid4()), "value": value}


def child(kind, value):
    return {"type": kind, "id": str(uuid.uuid4()), "value": value}


def everything(pks, gone=None):
    """Every way a picture or a text may stand in a body; nothing is there too."""
    one, two = pks
    album = {
        "cover": one,
        "pictures": [item(described(one)), item(described(two, decorative=True)), item(described(gone))],
        "members": [
            item({"portrait": described(None), "words": "<p>Ada</p>"}),
            item({"portrait": described(two), "words": ""}),
        ],
        "more": [child("picture", two), child("text", "<p>Plus</p>"), child("plain", "ici")],
        "logos": [item(one), item(None), two],
        "texts": [item("<p>a</p>"), "<p>b</p>"],
    }
    return [
        child("album", album),
        child("picture", described(two, "Encore")),
        child("text", "<p>Fin</p>"),
        child("number", 4),
        child("album", {}),
    ]


def plain(value):
    """What a value says, for comparing: pictures with their words, texts as they are shown."""
    if isinstance(value, blocks.StreamValue):
        return [(one.block_type, one.id, plain(one.value)) for one in value]
    if isinstance(value, blocks.list_block.ListValue):
        return [plain(one.value) for one in value.bound_blocks]
    if isinstance(value, blocks.StructValue):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, get_image_model()):
        return value.pk, getattr(value, "contextual_alt_text", None), getattr(value, "decorative", None)
    return str(value)


class Holder:
    """Stands for a page with one body."""

    def __init__(self, raw):
        self.body = blocks.StreamValue(Everything(), raw, is_lazy=True)
        self._meta = self

    def get_fields(self):
        field = ready_bodies.BodyField()
        field.name = "body"
        return [field]


@pytest.fixture
def pks(db):
    images = get_image_model().objects
    return [images.create(title=name, file=get_test_image_file(filename=f"{name}.png")).pk for name in ("un", "deux")]


def test_values_are_what_wagtail_makes_of_them(pks):
    raw = everything(pks, gone=999_999)
    ready = Holder(raw)
    ready_bodies.make_ready(ready)
    assert plain(ready.body) == plain(Holder(raw).body)


def test_two_queries_where_pictures_have_no_rendition_yet_then_one(pks):
    for expected in (2, 1):
        ready = Holder(everything(pks))
        with CaptureQueriesContext(connection) as captured:
            ready_bodies.make_ready(ready)
        assert len(captured) == expected
        for image in ready_bodies.fetch_pictures(pks).values():
            image.get_rendition("max-10x10")
    with CaptureQueriesContext(connection) as captured:
        first, second, _gone = (one.value for one in ready.body[0].value["pictures"].bound_blocks)
        assert first.get_rendition("max-10x10").image.contextual_alt_text == "Un dessin"
        assert second.get_rendition("max-10x10").image.contextual_alt_text == ""
    assert len(captured) == 0


def test_a_body_without_pictures_or_links_asks_nothing(db):
    with CaptureQueriesContext(connection) as captured:
        ready_bodies.make_ready(Holder([child("text", "<p>Fin</p>"), child("number", 4)]))
    assert len(captured) == 0


@pytest.mark.parametrize("language", ["fr", "en"])
def test_links_lead_to_the_page_in_the_readers_language(cooperative, on_host, language):
    linked = make_campaign_page(cooperative, title="Un four")
    translate(linked, title="An oven")
    only_french = make_campaign_page(cooperative, title="Un moulin")
    text = f'<p><a linktype="page" id="{linked.pk}">a</a> <a linktype="page" id="{only_french.pk}">b</a> '
    text += '<a linktype="page" id="999999">c</a> <a href="https://exemple.ca/">d</a></p>'
    part = child("description", {"heading": "Liens", "text": text})
    page = make_campaign_page(cooperative, title="La page", body=body_of([], extra=[part]))
    translate(page, title="The page")
    with within(cooperative), translation.override(language):
        shown = CampaignPage.objects.get(translation_key=page.translation_key, locale__language_code=language)
        slug = CampaignPage.objects.get(translation_key=linked.translation_key, locale__language_code=language).slug
        html = on_host(cooperative).get(f"/{language}/{shown.slug}/").content.decode()
    assert (
        f'<p><a href="/{language}/{slug}/">a</a> <a href="/fr/{only_french.slug}/">b</a> '
        '<a>c</a> <a href="https://exemple.ca/">d</a></p>' in html
    )
