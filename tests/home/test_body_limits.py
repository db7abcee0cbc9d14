"""How much may be sent at once: a clear page for what is too much, and nobody fills the disk from outside."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from home import body_limits
from home.models import Role
from tests.factories.cooperatives import make_user

MUCH = 2_621_440 + 1


@pytest.fixture
def visitor(on_host, campaign):
    client = on_host(campaign.cooperative)
    client.raise_request_exception = False
    return client


def address(name="contribution_link", *args):
    with translation.override("en"):
        return reverse(name, args=args)


def assert_says_too_large(answer):
    assert answer.status_code == 413
    text = answer.content.decode()
    assert "This is too large to be sent here." in text
    assert "C’est trop volumineux pour être envoyé ici." in text


@pytest.mark.parametrize(
    "body",
    [
        {"email": "x" * MUCH},
        {"email": "a@x.example", "file": SimpleUploadedFile("a.png", b"x" * MUCH)},
    ],
    ids=["text", "file"],
)
def test_a_form_of_the_public_takes_little(visitor, body):
    assert_says_too_large(visitor.post(address(), body))


@pytest.mark.parametrize("path", ["/stripe/webhook/", "/anymail/postmark/tracking/", "/admin/login/", "/nothing/"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_so_does_every_other_address(visitor, path, kind):
    assert_says_too_large(visitor.generic("POST", path, b"x" * MUCH, kind))


@pytest.mark.parametrize("length", ["99999999999999999999", "-5", "x", ""])
def test_a_length_that_is_announced_and_not_sent_is_no_fault(visitor, length):
    answer = visitor.generic("POST", address(), b"", "application/json", CONTENT_LENGTH=length)
    assert answer.status_code in {200, 413}


def test_who_sends_files_to_the_admin_is_logged_in_there(visitor, campaign, monkeypatch):
    monkeypatch.setattr(body_limits.document_contents, "LARGEST", 0)
    monkeypatch.setattr(body_limits.videos, "LARGEST", MUCH * 2)
    with translation.override("fr"):
        pages = [reverse("wagtailimages:add"), reverse("wagtailmedia:add", args=["video"])]

    def answers():
        files = [SimpleUploadedFile("a.png", b"x" * MUCH) for _page in pages]
        return [visitor.post(page, {"file": file}).status_code for page, file in zip(pages, files, strict=True)]

    assert answers() == [413, 413]
    visitor.force_login(make_user(campaign.cooperative, Role.EDITOR))
    assert answers() == [200, 200]
    assert_says_too_large(visitor.post(address(), {"email": "x" * MUCH}))


def test_images_and_films_have_their_own_most(rf, cooperative):
    editor = make_user(cooperative, Role.EDITOR)

    def most(path):
        request = rf.post(path)
        request.user = editor
        return body_limits.most_for(request) // 2**20

    assert (most("/admin/images/add/"), most("/admin/media/video/add/"), most("/fr/"), most("/stripe/webhook/")) == (
        22,
        202,
        2,
        2,
    )


@pytest.mark.parametrize("count", [5001, 20_000])
def test_too_many_fields_are_a_refusal_and_no_fault(visitor, count):
    body = "&".join(f"f{number}=" for number in range(count))
    answer = visitor.generic("POST", address(), body.encode(), "application/x-www-form-urlencoded")
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "What was sent could not be read." in text
    assert "Ce qui a été envoyé n’a pas pu être lu." in text


def test_what_is_no_form_is_a_refusal_and_no_fault(visitor):
    kinds = [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=é",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded; charset=nothing",
        "application/x-www-form-urlencoded; charset=utf-16",
        "",
    ]
    answers = [visitor.generic("POST", address(), b"\xff\xfe--x\r\n\0", kind) for kind in kinds]
    assert {one.status_code for one in answers} <= {200, 400}


def test_with_csrf_checks_on_too_much_is_told_as_well(campaign):
    """Django's check reads the form before any view does."""
    client = Client(enforce_csrf_checks=True, HTTP_HOST=campaign.cooperative.site.hostname)
    assert_says_too_large(client.post(address(), {"email": "x" * MUCH}))
