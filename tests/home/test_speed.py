"""What makes a page quick for who reads it: compressed text, pictures drawn before the visit, and kept after it."""

import gzip

import pytest
from django.core.cache import cache
from django_tasks_db.models import DBTaskResult
from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from home.tasks import draw_pictures
from tests.factories.campaigns import body_of, make_campaign_page, tier, translate


@pytest.fixture(autouse=True)
def empty_cache():
    """Images of other tests had the same ids, and renditions are remembered by them."""
    cache.clear()


def picture(name):
    image = get_image_model().objects.create(title=name, file=get_test_image_file(filename=f"{name}.png"))
    return {"image": image.pk, "alt_text": name, "decorative": False}


def illustrated(cooperative):
    body = body_of([tier(image=picture("sac"))])
    body[0]["value"]["image"] = picture("heros")
    return make_campaign_page(cooperative, body=body)


def renditions():
    return get_image_model().get_rendition_model().objects


def test_text_is_compressed_for_who_takes_it(cooperative, on_host):
    client = on_host(cooperative)
    plain, packed = client.get("/fr/"), client.get("/fr/", headers={"accept-encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert gzip.decompress(packed.content) == plain.content
    assert len(packed.content) < len(plain.content) / 2


@pytest.mark.parametrize("path", ["/static/css/components.css", "/static/js/video.js", "/fr/brand/1.css"])
def test_styles_and_scripts_are_compressed_too(cooperative, on_host, path):
    response = on_host(cooperative).get(path, headers={"accept-encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"


def test_a_part_of_a_file_and_one_not_changed_are_sent_as_they_are(cooperative, on_host):
    client, path = on_host(cooperative), "/static/css/base.css"
    part = client.get(path, headers={"accept-encoding": "gzip", "range": "bytes=0-499"})
    assert (part.status_code, len(b"".join(part.streaming_content))) == (206, 500)
    assert "Content-Encoding" not in part.headers
    seen = {"if-modified-since": part.headers["Last-Modified"]}
    same = client.get(path, headers={"accept-encoding": "gzip"} | seen)
    assert (same.status_code, b"".join(same.streaming_content)) == (304, b"")


def test_pictures_are_neither_compressed_again_nor_fetched_again(cooperative, on_host):
    image = get_image_model().objects.create(title="pierre", file=get_test_image_file(filename="pierre.png"))
    response = on_host(cooperative).get(image.file.url, headers={"accept-encoding": "gzip"})
    assert "Content-Encoding" not in response.headers
    assert int(response.headers["Content-Length"]) == image.file.size
    assert response.headers["Cache-Control"] == "public, max-age=2592000"


def test_a_published_page_has_its_pictures_drawn_before_anyone_comes(cooperative, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        page = illustrated(cooperative)
    waiting = DBTaskResult.objects.filter(task_path="home.tasks.draw_pictures")
    assert [one.args_kwargs["args"] for one in waiting] == [[page.pk]]
    assert renditions().count() == 0
    draw_pictures.call(page.pk)
    drawn = set(renditions().values_list("image__title", "filter_spec"))
    assert ("heros", "width-760|format-webp") in drawn
    assert ("sac", "fill-480x270|format-webp") in drawn
    assert ("sac", "fill-480x270|format-avif") in drawn


def test_the_first_visitor_draws_nothing(cooperative, on_host):
    page = illustrated(cooperative)
    english = translate(page)
    draw_pictures.call(page.pk)
    before = set(renditions().values_list("pk", flat=True))
    for path in (f"/fr/{page.slug}/", f"/en/{english.slug}/"):
        assert on_host(cooperative).get(path).status_code == 200
    assert set(renditions().values_list("pk", flat=True)) == before


def test_a_page_that_is_gone_or_no_longer_live_is_left_alone(cooperative):
    page = illustrated(cooperative)
    page.unpublish()
    draw_pictures.call(page.pk)
    draw_pictures.call(page.pk + 999)
    assert renditions().count() == 0
