"""What an editor may upload as a video."""

from io import BytesIO

import pytest
from django.core.files.uploadedfile import UploadedFile
from django.urls import reverse
from django.utils import translation
from wagtailmedia.forms import get_media_form
from wagtailmedia.models import Media

from home.videos import LARGEST, VideoForm
from tests.factories.cooperatives import make_user
from tests.factories.films import mp4


def a_form(cooperative, name="film.mp4", size=1):
    film = UploadedFile(BytesIO(mp4()), name=name, content_type="video/mp4", size=size)
    instance, user = Media(type="video"), make_user(cooperative)
    return get_media_form(Media)({"title": "Le moulin"}, {"file": film}, instance=instance, user=user)


def test_a_form_asks_for_what_is_used(cooperative):
    form = a_form(cooperative)
    assert isinstance(form, VideoForm)
    assert set(form.fields) == {"title", "file", "tags"}  # one collection: no choice
    assert form.is_valid()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"size": LARGEST + 1}, "This file is too large (200.0\u00a0MB); the limit is 200.0\u00a0MB."),
        ({"name": "film.avi"}, "Choose an MP4 or WebM file."),
        ({"name": "film.html"}, "Choose an MP4 or WebM file."),
    ],
)
def test_what_no_browser_plays_is_refused_at_the_field(cooperative, given, expected):
    with translation.override("en"):
        assert a_form(cooperative, **given).errors == {"file": [expected]}


@pytest.mark.parametrize(("language", "expected"), [("fr", "Ajouter une vidéo"), ("en", "Add video")])
def test_the_list_offers_videos_only(cooperative, on_host, language, expected):
    client = on_host(cooperative)
    client.force_login(make_user(cooperative))
    html = client.get(reverse("wagtailmedia:index"), headers={"Accept-Language": language}).content.decode()
    assert expected in html
    assert "/media/audio/" not in html
