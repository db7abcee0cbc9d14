"""A file in parts, as players of videos ask for it."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def url(cooperative, on_host):
    on_host(cooperative)
    return default_storage.url(default_storage.save("film.mp4", ContentFile(CONTENT)))


def ask(client, url, **headers):
    answer = client.get(url, headers=headers)
    return answer.status_code, answer.headers.get("Content-Range"), b"".join(answer)


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-1", 0, 1),
        ("bytes=100-", 100, 255_999),
        ("bytes=255990-999999", 255_990, 255_999),
        ("bytes=-10", 255_990, 255_999),
        ("bytes=-999999", 0, 255_999),
        ("bytes=10-150000", 10, 150_000),
    ],
)
def test_a_part(client, url, asked, start, end):
    assert ask(client, url, Range=asked) == (206, f"bytes {start}-{end}/256000", CONTENT[start : end + 1])
    assert client.get(url, headers={"Range": asked})["Content-Length"] == str(end - start + 1)


@pytest.mark.parametrize("asked", ["", "bytes=-", "bytes=0-1,5-6", "lines=0-1", "bytes=x"])
def test_the_whole(client, url, asked):
    assert ask(client, url, Range=asked) == (200, None, CONTENT)
    assert client.get(url)["Accept-Ranges"] == "bytes"


def test_a_part_of_what_may_have_changed_is_not_given(client, url):
    assert ask(client, url, Range="bytes=0-1", If_Range='"abc"')[0] == 200


@pytest.mark.parametrize("asked", ["bytes=256000-", "bytes=5-4", "bytes=-0"])
def test_no_such_part(client, url, asked):
    assert ask(client, url, Range=asked) == (416, "bytes */256000", b"")


def test_nothing_outside_the_folder(client, url):
    assert client.get("/media/../manage.py", headers={"Range": "bytes=0-1"}).status_code == 400
    assert client.get("/media/none.mp4").status_code in {302, 404}


@pytest.mark.parametrize("name", ["a" * 300 + ".png", "%00.png"])
def test_a_name_that_no_disk_takes_is_not_there(db, client, name):
    assert client.get(f"/media/images/{name}").status_code == 404
