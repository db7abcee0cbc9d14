"""Films keep what is seen and heard, and nothing that says where they were taken."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.utils import translation
from wagtailmedia.forms import get_media_form
from wagtailmedia.models import Media

from config import ROOT
from home import film_metadata
from home.film_metadata import Broken
from tests.factories.cooperatives import make_user
from tests.factories.films import PICTURES, PLACE, UNKNOWN, box, element, mp4, track, webm


def stripped(data):
    film = BytesIO(data)
    film_metadata.strip(film)
    assert film.tell() == 0
    return film.getvalue()


@pytest.mark.parametrize(
    "film",
    [
        mp4(),
        mp4(wide=True),
        mp4(handler=b"text"),
        mp4(before=box(b"meta", PLACE)),
        mp4(last=box(b"emsg", PLACE)),
        mp4(last=bytes(4) + b"uuid" + PLACE),
        mp4(last=(1).to_bytes(4) + b"uuid" + (16 + len(PLACE)).to_bytes(8) + PLACE),
        webm(),
        webm(streamed=True),
    ],
    ids=range(9),
)
def test_no_place_is_left_and_nothing_of_the_film_moves(film):
    clean = stripped(film)
    assert PLACE in film
    assert (PLACE in clean, len(clean)) == (False, len(film))
    at = film.index(PICTURES)
    assert clean[at : at + len(PICTURES)] == PICTURES
    assert stripped(clean) == clean


@pytest.mark.parametrize(
    "film",
    [
        b"",
        b"x",
        b"\0\0\0\x08ftyp",
        mp4()[:-400],
        box(b"ftyp", b"isom") + (7).to_bytes(4) + b"moov",
        box(b"ftyp", b"isom") + box(b"moov", box(b"trak", box(b"tkhd", bytes(84)))),
        box(b"ftyp", b"isom") + box(b"moov", track(b"meta", 0, [8])) + box(b"mdat", bytes(64)),
        box(b"ftyp", b"isom") + box(b"moov", track(b"meta", 2**31, [8])) + box(b"mdat", bytes(64)),
        mp4(before=box(b"mvex", b"")),
        webm()[:70],
        element("1A45DFA3", element("4282", b"webm")) + b"\x00\x00",
        element("1A45DFA3", element("4282", b"webm")) + element("1254C367", PLACE, size=UNKNOWN),
        element("1A45DFA3", element("4282", b"matroska")),
    ],
    ids=range(13),
)
def test_what_is_not_built_as_it_should_is_refused(film):
    with pytest.raises(Broken):
        stripped(film)


def test_a_table_that_lies_about_its_length_costs_nothing():
    honest = track(b"meta", 8, [8])
    at = honest.index(b"stsz") + 12
    lying = honest[:at] + (2**32 - 1).to_bytes(4) + honest[at + 4 :]
    with pytest.raises(Broken):
        stripped(box(b"ftyp", b"isom") + box(b"moov", lying) + box(b"mdat", bytes(64)))


def test_a_real_film_plays_as_before():
    real = (ROOT / "sandbox" / "demo" / "films" / "four.mp4").read_bytes()
    clean = stripped(real)
    assert len(clean) == len(real)
    assert b"Lavf" not in clean  # the program that wrote it, in its user data
    assert clean[real.index(b"mdat") :][:5000] == real[real.index(b"mdat") :][:5000]


def a_form(cooperative, film):
    instance, user = Media(type="video"), make_user(cooperative)
    return get_media_form(Media)({"title": "Le moulin"}, {"file": film}, instance=instance, user=user)


def on_disk(name, data):
    film = TemporaryUploadedFile(name, "video/mp4", len(data), None)
    film.write(data)
    film.seek(0)
    return film


@pytest.mark.parametrize("uploaded", [SimpleUploadedFile, on_disk])
@pytest.mark.parametrize(("name", "data"), [("film.mp4", mp4()), ("film.M4V", mp4()), ("film.webm", webm())])
def test_what_an_editor_sends_is_stored_clean(cooperative, uploaded, name, data):
    with uploaded(name, data) as film:
        form = a_form(cooperative, film)
        assert form.is_valid(), form.errors
        stored = Media.objects.get(pk=form.save().pk).file.read()
    assert (PLACE in stored, PICTURES in stored, len(stored)) == (False, True, len(data))


@pytest.mark.parametrize(
    ("name", "data"), [("a.mp4", webm()), ("a.webm", mp4()), ("a.mp4", b"<html>"), ("a.mp4", mp4()[:-400])]
)
def test_what_is_no_film_or_another_is_refused_at_the_field(cooperative, name, data):
    with translation.override("en"):
        errors = a_form(cooperative, SimpleUploadedFile(name, data)).errors
    assert errors == {
        "file": ["This file could not be read as a film. Export it again as MP4 or WebM, and send that copy."]
    }


def test_what_is_stored_without_a_form_is_clean_too(db):
    film = Media.objects.create(title="Le moulin", type="video", duration=1, file=SimpleUploadedFile("f.mp4", mp4()))
    assert PLACE not in film.file.read()
