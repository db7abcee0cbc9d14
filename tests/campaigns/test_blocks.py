"""What an editor meets in the block picker and at the fields, and what wagtail-localize finds in every block."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from wagtail import blocks
from wagtail.images.blocks import ImageBlock
from wagtail.models import Locale
from wagtail.users.models import UserProfile
from wagtail_localize.models import (
    OverridableSegment,
    SegmentOverride,
    StringSegment,
    StringTranslation,
    Translation,
    TranslationContext,
    TranslationSource,
)
from wagtailmedia.models import Media

from campaigns.blocks import CampaignStoryBlock, VideoBlock, video_embed
from campaigns.models import CampaignPage
from home import clock
from home.tenancy import within
from tests.campaigns.reading import words
from tests.campaigns.walking import Walker, a_document, any_image, every_block, texts_in
from tests.factories.campaigns import body_of, make_campaign, make_campaign_page, tier
from tests.factories.cooperatives import make_user

STORY = CampaignStoryBlock()
KINDS = list(STORY.child_blocks)
SUB_BLOCKS = list(every_block(STORY))[:-1]


# Translation


def translate_every_string(page):
    """The English page, every segment of the French one translated to “EN …”."""
    english = Locale.objects.get(language_code="en")
    source, _created = TranslationSource.update_or_create_from_instance(page)
    segments = list(StringSegment.objects.filter(source=source).select_related("string", "context"))
    for segment in segments:
        StringTranslation.objects.create(
            translation_of=segment.string, locale=english, context=segment.context, data=f"EN {segment.string.data}"
        )
    Translation.objects.create(source=source, target_locale=english).save_target(publish=False)
    return segments, page.get_translation(english).get_latest_revision_as_object()


@pytest.mark.usefixtures("inside")
def test_every_text_of_every_block_is_translated_and_comes_back(cooperative):
    walker = Walker()
    body = walker.fill(STORY)
    page = make_campaign_page(cooperative, body=body, publish=False)
    segments, english = translate_every_string(page)
    found = [segment.string.data for segment in segments if segment.context.path.startswith("body.")]
    assert sorted(found) == sorted(walker.texts.values())
    restored = texts_in(STORY, STORY.get_prep_value(english.body))
    assert restored == {where: f"EN {text}" for where, text in walker.texts.items()}


@pytest.mark.usefixtures("inside")
def test_addresses_pictures_and_documents_may_differ_by_language(cooperative):
    page = make_campaign_page(cooperative, body=Walker().fill(STORY), publish=False)
    translate_every_string(page)
    paths = OverridableSegment.objects.values_list("context__path", flat=True)
    named = {path.split(".", 2)[2].rsplit(".", 1)[-1] if "." in path else path for path in paths}
    assert named >= {"url", "link", "poster", "portrait", "logo", "image", "captions_fr", "captions_en"}


@pytest.mark.usefixtures("inside")
def test_an_empty_picture_does_not_stop_a_translation(cooperative):
    """Pages stored before a block had its picture, and pages without one."""
    body = body_of([tier()])
    del body[0]["value"]["image"]
    page = make_campaign_page(cooperative, body=body, publish=False)
    _segments, english = translate_every_string(page)
    assert english.body[0].value["tagline"].startswith("EN ")


@pytest.mark.usefixtures("inside")
def test_a_language_may_have_a_picture_of_its_own(cooperative):
    pictures = listed(
        a_picture(), a_picture() | {"image": {"image": any_image().pk, "alt_text": "", "decorative": True}}
    )
    gallery = block("gallery", {"heading": "", "pictures": pictures})
    page = make_campaign_page(cooperative, body=body_of([tier()], extra=[gallery]), publish=False)
    english, others = Locale.objects.get(language_code="en"), [any_image(), any_image()]
    TranslationSource.update_or_create_from_instance(page)
    for number, other in enumerate(others):
        context = TranslationContext.objects.get(path=f"body.id-gallery.pictures.{number}.image.image")
        SegmentOverride.objects.create(locale=english, context=context, data_json=json.dumps(other.pk))
    translate_every_string(page)
    restored = page.get_translation(english).get_latest_revision_as_object().body[2].value["pictures"]
    assert [(p["image"].pk, p["image"].contextual_alt_text or "", p["image"].decorative) for p in restored] == [
        (others[0].pk, "EN Le moulin", False),
        (others[1].pk, "", True),
    ]


# The block picker


@pytest.mark.parametrize("kind", KINDS)
def test_each_block_says_what_it_is(kind):
    block = STORY.child_blocks[kind]
    assert block.meta.icon not in {"placeholder", "", None}
    assert isinstance(block.meta.label, Promise)
    assert isinstance(block.get_description(), Promise)
    assert block.meta.template == f"campaigns/blocks/{kind}.html"
    assert block.is_previewable


@pytest.mark.parametrize(("where", "block"), SUB_BLOCKS, ids=[where for where, _block in SUB_BLOCKS])
def test_each_field_has_a_label_in_both_languages(where, block):
    with translation.override("fr"):
        french = str(block.label)
    assert french
    if not where.endswith(".item"):
        assert isinstance(block.meta.label, Promise), where


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.django_db
def test_each_block_is_previewed_without_a_row(kind, language, admin_client, django_assert_num_queries):
    block = STORY.child_blocks[kind]
    with translation.override(language), django_assert_num_queries(0):
        value = block.get_preview_value()
        html = block.render(value, context={"sample": True, "request": RequestFactory().get("/")})
    assert len(words(html)) > 20


#: A cooperative's own proper names are the same in both languages.
SAME = {"reward_tiers"}


@pytest.mark.parametrize("kind", sorted(set(KINDS) - SAME))
@pytest.mark.django_db
def test_a_preview_speaks_the_language_of_who_looks(kind):
    block, shown = STORY.child_blocks[kind], {}
    for language in ("fr", "en"):
        with translation.override(language):
            shown[language] = words(block.render(block.get_preview_value(), context={"sample": True}))
    assert shown["fr"] != shown["en"]


@pytest.mark.parametrize(("language", "expected"), [("fr", "En images"), ("en", "In pictures")])
def test_the_picker_shows_a_preview_in_the_editor_s_language(cooperative, on_host, language, expected):
    editor = make_user(cooperative)
    UserProfile.objects.create(user=editor, preferred_language=language)
    client = on_host(cooperative)
    client.force_login(editor)
    url = f"{reverse('wagtailadmin_block_preview')}?id={STORY.child_blocks['gallery'].definition_prefix}"
    html = client.get(url).content.decode()
    assert expected in words(html)
    assert html.count('<svg class="drawing"') == 2


# Errors at the fields


def errors_of(block, raw, *, draft=False):
    """Where each error of a raw value stands, with its words."""
    if draft:
        block.defer_required_validation()
    with translation.override("en"):
        try:
            block.clean(block.to_python(raw))
        except blocks.StructBlockValidationError as error:
            return flat(error)
        finally:
            if draft:
                block.restore_deferred_validation()
    return {}


def flat(error, where=""):
    if not hasattr(error, "block_errors"):
        return {where: error.messages[0]}
    found = {}
    for name, inner in error.block_errors.items():
        found |= flat(inner, f"{where}.{name}".strip("."))
    own = error.non_block_errors.as_data()
    return found | ({where: own[0].messages[0]} if own else {})


VTT = b"WEBVTT\n\n00:00.000 --> 00:02.000\nBonjour.\n"
URL = "https://vimeo.com/76979871"
SAID = "<p>On entend la roue.</p>"
HOSTS = "We can play videos from YouTube and Vimeo. Paste the address of the video's page."
NO_WEBVTT = "This document is not in the WebVTT format. Its first line must be WEBVTT."


def a_video_file():
    return Media.objects.create(title="Le moulin", file="media/moulin.mp4", type="video", duration=10)


def a_video(**fields):
    defaults = {
        "url": "",
        "file": None,
        "title": "Le moulin",
        "duration": 90,
        "poster": None,
        "captions_fr": None,
        "captions_en": None,
        "transcript": SAID,
    }
    return defaults | fields


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"url": URL}, {}),
        ({"url": "https://example.org/film.mp4"}, {"url": HOSTS}),
        ({"url": "javascript:alert(1)"}, {"url": "Enter a valid URL."}),
        ({}, {"url": "Give the address of a video, or choose a file."}),
        (
            {"url": URL, "transcript": "<p> </p>"},
            {"transcript": "Give the transcript: everyone must be able to follow the video."},
        ),
        (
            {"url": "https://example.org/x", "transcript": "", "title": "", "duration": 0},
            {
                "url": HOSTS,
                "title": "This field is required.",
                "duration": "Ensure this value is greater than or equal to 1.",
                "transcript": "Give the transcript: everyone must be able to follow the video.",
            },
        ),
    ],
)
@pytest.mark.django_db
def test_a_video_by_its_address(fields, expected):
    assert errors_of(VideoBlock(), a_video(**fields)) == expected


@pytest.mark.django_db
def test_a_video_has_one_source():
    raw = a_video(url=URL, file=a_video_file().pk)
    assert errors_of(VideoBlock(), raw) == {"file": "Give either an address or a file, not both."}


@pytest.mark.parametrize(
    ("captions", "transcript", "expected"),
    [
        (VTT, "", {}),
        (b"\xef\xbb\xbfWEBVTT - Le moulin\r\n\r\n00:00.000 --> 00:02.000\r\nBonjour.", "", {}),
        (None, SAID, {}),
        (None, "", {"transcript": "Give captions or a transcript: everyone must be able to follow the video."}),
        (b"1\n00:00:00,000 --> 00:00:02,000\nBonjour.", SAID, {"captions_fr": NO_WEBVTT}),
        (b"WEBVTT\n\nrien", SAID, {"captions_fr": NO_WEBVTT}),
        (b"WEBVTTX\n\n00:00.000 --> 00:02.000\nBonjour.", SAID, {"captions_fr": NO_WEBVTT}),
        (b"%PDF-1.7\xe9\xff", SAID, {"captions_fr": NO_WEBVTT}),
    ],
)
@pytest.mark.django_db
def test_a_video_file_has_captions_or_a_transcript(captions, transcript, expected):
    document = a_document(captions, "sous-titres.vtt").pk if captions else None
    raw = a_video(file=a_video_file().pk, captions_fr=document, transcript=transcript)
    assert errors_of(VideoBlock(), raw) == expected


@pytest.mark.django_db
def test_captions_whose_file_is_gone_are_refused():
    document = a_document(VTT, "sous-titres.vtt")
    document.file.storage.delete(document.file.name)
    raw = a_video(file=a_video_file().pk, captions_en=document.pk)
    assert errors_of(VideoBlock(), raw) == {"captions_en": NO_WEBVTT}


@pytest.mark.django_db
def test_captions_do_not_go_with_an_address():
    raw = a_video(url=URL, captions_en=a_document(VTT).pk)
    assert list(errors_of(VideoBlock(), raw)) == ["captions_en"]


@pytest.mark.django_db
def test_a_draft_of_a_video_may_lack_what_publishing_asks_for():
    block = VideoBlock()
    assert errors_of(block, a_video(transcript="", title="", duration=None), draft=True) == {}
    assert list(errors_of(block, a_video(url="https://example.org/x"), draft=True)) == ["url"]


YOUTUBE = "https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ?autoplay=1"
VIMEO = "https://player.vimeo.com/video/76979871?autoplay=1&dnt=1"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.youtube.com/watch?v=aqz-KE-bpKQ", YOUTUBE),
        ("https://www.youtube.com/watch?feature=shared&v=aqz-KE-bpKQ&t=12", YOUTUBE),
        ("https://youtu.be/aqz-KE-bpKQ?si=abc", YOUTUBE),
        ("https://m.youtube.com/shorts/aqz-KE-bpKQ", YOUTUBE),
        ("http://youtube.com/embed/aqz-KE-bpKQ", YOUTUBE),
        ("https://vimeo.com/76979871", VIMEO),
        ("https://vimeo.com/76979871?share=copy", VIMEO),
        ("https://player.vimeo.com/video/76979871", VIMEO),
        ("https://vimeo.com/76979871/0a1b2c3d4e", f"{VIMEO}&h=0a1b2c3d4e"),
        ("https://vimeo.com/moulin", ""),
        ("https://youtube.com/@moulin", ""),
        ("https://youtube.com.example.org/watch?v=aqz-KE-bpKQ", ""),
        ("https://example.org/?u=https://youtu.be/aqz-KE-bpKQ", ""),
        ("javascript://youtu.be/aqz-KE-bpKQ", ""),
        ("https://[youtu.be/aqz-KE-bpKQ", ""),
        ("", ""),
    ],
)
def test_which_addresses_play(url, expected):
    assert video_embed(url) == expected


def a_picture(**fields):
    return {"image": {"image": any_image().pk, "alt_text": "Le moulin", "decorative": False}, "caption": ""} | fields


def listed(*values):
    return [{"type": "item", "id": str(number), "value": value} for number, value in enumerate(values)]


@pytest.mark.django_db
def test_a_gallery_has_two_pictures_with_their_words():
    gallery = STORY.child_blocks["gallery"]
    silent = a_picture() | {"image": {"image": any_image().pk, "alt_text": "", "decorative": False}}
    decorative = a_picture() | {"image": {"image": any_image().pk, "alt_text": "", "decorative": True}}
    assert errors_of(gallery, {"heading": "", "pictures": listed(a_picture(), decorative)}) == {}
    assert errors_of(gallery, {"heading": "", "pictures": listed(a_picture())}) == {
        "pictures": "The minimum number of items is 2"
    }
    assert errors_of(gallery, {"heading": "", "pictures": listed(a_picture(), silent)}) == {
        "pictures.1.image.alt_text": "Please add some alt text for your image or mark it as decorative"
    }
    missing = a_picture() | {"image": {"image": None, "alt_text": "", "decorative": False}}
    assert errors_of(gallery, {"heading": "", "pictures": listed(a_picture(), missing)}) == {
        "pictures.1.image.image": "This field is required."
    }


REQUIRED, BAD_URL = "This field is required.", "Enter a valid URL."
TOMORROW = (clock.now() + timedelta(days=2)).date().isoformat()


@pytest.mark.parametrize(
    ("kind", "raw", "expected"),
    [
        ("team", {"people": []}, {"people": "The minimum number of items is 1"}),
        ("team", {"people": listed({"name": "", "words": "x" * 401})}, {"people.0.name": REQUIRED}),
        ("partners", {"partners": listed({"name": "La boulangerie", "link": "site"})}, {"partners.0.link": BAD_URL}),
        ("partners", {"partners": listed({"name": ""})}, {"partners.0.name": REQUIRED}),
        ("questions", {"questions": listed({"question": "Et si?", "answer": ""})}, {"questions.0.answer": REQUIRED}),
        ("press", {"quotes": listed({"quote": "", "source": ""})}, {"quotes.0.quote": REQUIRED}),
        (
            "press",
            {"quotes": listed({"quote": "Bien", "source": "Le journal", "published_on": TOMORROW})},
            {"quotes.0.published_on": "This date is still to come: give the day it was published."},
        ),
        ("call_to_action", {"heading": "", "target": "rewards"}, {"heading": REQUIRED}),
        ("call_to_action", {"heading": "Samedi", "target": "nowhere"}, {"target": "Select a valid choice."}),
        ("description", {"heading": "", "text": "<p>x</p>"}, {"heading": REQUIRED}),
        ("title", {"tagline": ""}, {"tagline": REQUIRED}),
    ],
)
@pytest.mark.django_db
def test_errors_stand_at_their_field(kind, raw, expected):
    found = errors_of(STORY.child_blocks[kind], raw)
    assert {where: found.get(where, "")[: len(message)] for where, message in expected.items()} == expected
    assert found.keys() >= expected.keys()


# On the page


def block(kind, value):
    return {"type": kind, "id": f"id-{kind}", "value": value}


def a_story(pictures=2):
    """One of each block about pictures and people, its lists so long."""
    count = range(pictures)
    image = [any_image().pk for _number in range(pictures * 3)]
    people = [{"name": f"Personne {n}", "role": "Meunière", "portrait": image[n], "words": ""} for n in count]
    partners = [{"name": f"Voisin {n}", "logo": image[pictures + n], "link": "https://example.org/"} for n in count]
    alt = [{"image": image[2 * pictures + n], "alt_text": f"Dessin {n}", "decorative": False} for n in count]
    return [
        block("gallery", {"heading": "", "pictures": listed(*({"image": one, "caption": "Ici"} for one in alt))}),
        block("team", {"heading": "", "people": listed(*people)}),
        block("partners", {"heading": "", "partners": listed(*partners)}),
        block("questions", {"heading": "", "questions": listed({"question": "Et si?", "answer": "<p>Alors</p>"})}),
        block("press", {"heading": "", "quotes": listed({"quote": "Bien", "source": "Le journal", "link": ""})}),
    ]


def queries_but_renditions(visit, campaign):
    """How many a second visit takes; each picture's sizes are fetched apart."""
    visit(campaign)
    with CaptureQueriesContext(connection) as captured:
        visit(campaign)
    return len([query for query in captured if "wagtailimages_rendition" not in query["sql"]])


def test_queries_do_not_grow_with_what_lists_hold(cooperative, visit):
    few = make_campaign(cooperative, title="Peu", body=body_of([tier()], extra=a_story(2)))
    many = make_campaign(cooperative, title="Beaucoup", body=body_of([tier()], extra=a_story(6)))
    with within(cooperative):
        assert queries_but_renditions(visit, few) == queries_but_renditions(visit, many)


def headings(html):
    return re.findall(r'<h2 id="t-id-[^"]*">([^<]*)</h2>', html)


@pytest.mark.usefixtures("inside")
def test_a_block_without_heading_has_the_usual_one_in_each_language(cooperative, visit):
    campaign = make_campaign(cooperative, body=body_of([tier()], extra=a_story()))
    assert headings(visit(campaign, "en")) == [
        "In pictures",
        "The team",
        "Partners",
        "Questions and answers",
        "In the press",
    ]
    assert headings(visit(campaign, "fr")) == [
        "En images",
        "L’équipe",
        "Partenaires",
        "Questions et réponses",
        "Dans la presse",
    ]


@pytest.mark.usefixtures("inside")
def test_pictures_keep_their_place_and_their_words(cooperative, visit):
    html = visit(make_campaign(cooperative, body=body_of([tier()], extra=a_story())))
    images = [image for image in re.findall(r"<img[^>]*>", html) if "qr.svg" not in image]
    assert [re.search(r'alt="([^"]*)"', image)[1] for image in images] == ["Dessin 0", "Dessin 1", "", "", "", ""]
    assert [
        image for image in images if not re.search(r'width="\d+".*height="\d+"|height="\d+".*width="\d+"', image)
    ] == []


@pytest.mark.usefixtures("inside")
def test_a_file_plays_in_the_page_with_its_captions(cooperative, visit):
    raw = a_video(file=a_video_file().pk, transcript="", poster=any_image().pk)
    raw |= {f"captions_{code}": a_document(VTT, f"{code}.vtt").pk for code in ("fr", "en")}
    campaign = make_campaign(cooperative, body=body_of([tier()], extra=[block("video", raw)]))
    html = visit(campaign, "en")
    assert re.search(r'<video controls preload="none"[^>]* poster="/media/images/', html)
    assert '<source src="/media/media/moulin.mp4" type="video/mp4">' in html
    tracks = re.findall(
        r'<track kind="captions" src="(/documents/[^"]+)" srclang="([^"]+)" label="([^"]+)"( default)?>', html
    )
    assert [track[1:] for track in tracks] == [("fr-CA", "Français", ""), ("en-CA", "English", " default")]
    assert "data-video" not in html
    assert "from another site" not in html


def a_call(**fields):
    return block("call_to_action", {"heading": "Samedi", "text": "", "target": "contribute", "button": ""} | fields)


def calls(html):
    return [words(found) for found in re.findall(r'<section class="call".*?</section>', html, re.DOTALL)]


@pytest.mark.usefixtures("inside")
def test_a_page_has_one_call(cooperative, visit):
    usual = make_campaign(cooperative, title="Une")
    own = make_campaign(cooperative, title="Deux", body=body_of([tier()], extra=[a_call()]))
    assert [text.startswith("Get the millstone turning") for text in calls(visit(usual))] == [True]
    assert calls(visit(own)) == ["Samedi Choose my contribution"]


@pytest.mark.usefixtures("inside")
def test_the_button_of_a_call_leads_where_the_editor_says(cooperative, visit):
    raw = [a_call(target="rewards", button="Voir")]
    html = visit(make_campaign(cooperative, body=body_of([tier()], extra=raw)))
    assert re.findall(r'<a class="btn btn--big" href="(#[^"]*)">([^<]*)</a>', html) == [("#rewards", "Voir")]


@pytest.mark.usefixtures("inside")
def test_nobody_is_called_to_a_campaign_that_takes_nothing(cooperative, visit):
    campaign = make_campaign(cooperative, body=body_of([tier()], extra=[a_call()]))
    type(campaign).objects.update(deadline=clock.now() - timedelta(days=1))
    assert calls(visit(campaign)) == []


def test_the_editor_sees_the_call_in_a_preview(cooperative):
    page = make_campaign_page(cooperative, body=body_of([tier()], extra=[a_call()]), publish=False)
    with within(cooperative), translation.override("fr"):
        html = page.make_preview_request().render().content.decode()
    assert calls(html) == ["Samedi Voir les contreparties"]


def test_a_page_that_has_two_videos_leads_to_the_first(cooperative, visit):
    two = [block("video", a_video(url=URL)) | {"id": name} for name in ("one", "two")]
    html = visit(make_campaign(cooperative, body=body_of([tier()], extra=two)))
    assert re.findall(r'class="play" href="(#[^"]+)"', html) == ["#video-one"]


def test_image_blocks_are_in_the_walk():
    """The walk above fills what it finds: it finds the pictures in lists."""
    assert {where for where, found in SUB_BLOCKS if isinstance(found, ImageBlock)} >= {
        ".title.image",
        ".gallery.pictures.item.image",
        ".reward_tiers.item.image",
    }


def test_story_is_what_the_page_holds():
    assert type(CampaignPage._meta.get_field("body").stream_block) is CampaignStoryBlock
