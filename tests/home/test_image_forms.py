"""Files that are not taken as images or documents, in each place where Wagtail takes one, in both languages."""

import html
import io
import json
import re
import struct
import zlib
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image as Picture
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Collection, UploadedFile

from home.models import Role
from tests.factories.cooperatives import make_user

NBSP = "\u00a0"
SCRIPT = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'


def png(width, height, *, data=None):
    """A PNG in black and white, without unpacking it here: 80 million pixels take 10 KB."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress((b"\0" * (1 + -(-width // 8))) * height) if data is None else data
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def picture(form, size=(40, 30), **options):
    """A picture that ordinary software wrote."""
    file = io.BytesIO()
    Picture.new("RGB", size, "#0f4a38").save(file, form, **options)
    return file.getvalue()


def too_many(language):
    return {
        "en": "This image has more than 50 million pixels. Save a smaller copy, 2,000 pixels wide for example, and "
        "send it.",
        "fr": "Cette image compte plus de 50 millions de pixels. Enregistrez une copie plus petite, de "
        f"2{NBSP}000 pixels de large par exemple, puis envoyez-la.",
    }[language]


def unreadable(language):
    return {
        "en": "This file could not be read as an image. Open it on your computer, save it again as JPEG or PNG, and "
        "send that copy.",
        "fr": "Ce fichier n’a pas pu être lu comme une image. Ouvrez-le sur votre ordinateur, enregistrez-le de "
        "nouveau en JPEG ou en PNG, puis envoyez cette copie.",
    }[language]


def drawing(language):
    return {
        "en": "An SVG drawing can hold a program, so it is not taken. Export it as PNG, and send that copy.",
        "fr": "Un dessin SVG peut contenir un programme; il ne peut donc pas être accepté. Exportez-le en PNG, puis "
        "envoyez cette copie.",
    }[language]


def too_heavy(language):
    return {
        "en": f"This file weighs 21.0{NBSP}MB, and the most is 20.0{NBSP}MB. Save a smaller copy, 2,000 pixels wide "
        "for example, and send it.",
        "fr": f"Ce fichier pèse 21,0{NBSP}Mo, et le maximum est de 20,0{NBSP}Mo. Enregistrez une copie plus petite, "
        f"de 2{NBSP}000 pixels de large par exemple, puis envoyez-la.",
    }[language]


def other_format(language):
    return {
        "en": "Images are taken as GIF, JPEG, JPG, PNG, WEBP. Save this one as JPEG or PNG, and send that copy.",
        "fr": f"Les formats acceptés pour les images sont{NBSP}: GIF, JPEG, JPG, PNG, WEBP. Enregistrez celle-ci en "
        "JPEG ou en PNG, puis envoyez cette copie.",
    }[language]


def other_name(language):
    return {
        "en": "The name of this file ends in .png, but what it holds is a picture in the format “jpeg”. Save it again "
        "as JPEG or PNG, and send that copy.",
        "fr": f"Le nom de ce fichier se termine par .png, mais il contient une image au format «{NBSP}jpeg{NBSP}». "
        "Enregistrez-la de nouveau en JPEG ou en PNG, puis envoyez cette copie.",
    }[language]


def heavy():
    whole = picture("PNG")
    return whole + b"\0" * (21 * 1024 * 1024 - len(whole))


BAD = {
    "80 million pixels": ("mur.png", lambda: png(10_000, 8_000), too_many),
    "400 million pixels": ("mur.png", lambda: png(20_000, 20_000), too_many),
    "a drawing with a script": ("logo.svg", lambda: SCRIPT, drawing),
    "a drawing called .png": ("logo.png", lambda: SCRIPT, drawing),
    "a text called .png": ("logo.png", lambda: b"Bonjour, ceci est un texte.", unreadable),
    "a page called .png": ("logo.png", lambda: b"<html><script>alert(1)</script></html", unreadable),
    "half a photograph": ("mur.jpg", lambda: picture("JPEG", (400, 300))[:900], unreadable),
    "a broken picture": ("mur.png", lambda: png(40, 30, data=b"nothing packed"), unreadable),
    "too heavy": ("mur.png", heavy, too_heavy),
    "another format": ("mur.bmp", lambda: picture("BMP"), other_format),
    "called by another's name": ("mur.png", lambda: picture("JPEG"), other_name),
}


@pytest.fixture
def editor(client, cooperative):
    client.defaults["HTTP_HOST"] = cooperative.site.hostname
    client.force_login(make_user(cooperative, Role.EDITOR))
    return client


@pytest.fixture
def collection(cooperative):
    return Collection.objects.get(name=cooperative.name)


def send_many(client, language, collection, file):
    """The page that takes many images; it answers each with JSON."""
    data = {"title": "Le mur", "collection": collection.pk, "files[]": file}
    answer = client.post(reverse("wagtailimages:add_multiple"), data, HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code == 200
    said = json.loads(answer.content)
    return [] if said["success"] else [said["error_message"]]


def send_to_chooser(client, language, collection, file):
    """The tab of the chooser; the message stands at the file's field, and the title that was typed is kept."""
    prefix = "image-chooser-upload-"
    data = {f"{prefix}title": "Le mur", f"{prefix}collection": collection.pk, f"{prefix}file": file}
    answer = client.post(reverse("wagtailimages_chooser:create"), data, HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code == 200
    said = json.loads(answer.content)
    if said["step"] == "chosen":
        return []
    shown = html.unescape(said["htmlFragment"])
    assert re.search(rf'name="{prefix}title" value="Le mur"', shown)
    at_field = shown.split('data-contentpath="file"')[1].split("data-field-input")[0]
    return [text.strip() for text in re.findall(r'<p class="error-message">([^<]+)</p>', at_field)]


def send_alone(client, language, collection, file):
    """The page that takes one image, for who has no script."""
    data = {"title": "Le mur", "collection": collection.pk, "file": file}
    answer = client.post(reverse("wagtailimages:add"), data, HTTP_ACCEPT_LANGUAGE=language)
    return [] if answer.status_code == 302 else list(answer.context["form"].errors["file"])


PLACES = [send_many, send_to_chooser, send_alone]


def files_below(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file()]


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("send", PLACES)
@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_not_taken(editor, collection, settings, kind, send, language):
    name, make, said = BAD[kind]
    assert send(editor, language, collection, SimpleUploadedFile(name, make())) == [said(language)]
    assert (Image.objects.count(), UploadedFile.objects.count(), files_below(settings.MEDIA_ROOT)) == (0, 0, [])


@pytest.mark.parametrize("send", PLACES)
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("mur.png", lambda: png(8_000, 6_000)),
        ("mur.jpg", lambda: picture("JPEG")),
        ("mur.jpeg", lambda: picture("JPEG")),
        ("mur.webp", lambda: picture("WEBP")),
        ("mur.gif", lambda: picture("GIF")),
    ],
)
def test_a_file_that_is_taken(editor, collection, send, name, make):
    assert send(editor, "fr", collection, SimpleUploadedFile(name, make())) == []
    assert Image.objects.get().title == "Le mur"


def test_the_page_says_beforehand_what_is_taken(editor):
    for language, words in {
        "fr": f"GIF, JPEG, JPG, PNG, WEBP; au plus 20,0{NBSP}Mo et 50 millions de pixels.",
        "en": f"GIF, JPEG, JPG, PNG, WEBP; at most 20.0{NBSP}MB and 50 million pixels.",
    }.items():
        page = editor.get(reverse("wagtailimages:add_multiple"), HTTP_ACCEPT_LANGUAGE=language).content.decode()
        assert words in html.unescape(page)


@pytest.mark.parametrize("ending", ["html", "svg", "xhtml", "exe"])
def test_a_document_that_a_browser_would_run_is_not_taken(editor, collection, settings, ending):
    url, taken = reverse("wagtaildocs:add_multiple"), ", ".join(settings.WAGTAILDOCS_EXTENSIONS)
    for language, words in {
        "fr": f"Les fichiers .{ending} ne peuvent pas être acceptés. Formats acceptés{NBSP}: {taken}.",
        "en": f"File extension “{ending}” is not allowed. Allowed extensions are: {taken}.",
    }.items():
        file = SimpleUploadedFile(f"texte.{ending}", SCRIPT)
        data = {"title": "Texte", "collection": collection.pk, "files[]": file}
        said = json.loads(editor.post(url, data, HTTP_ACCEPT_LANGUAGE=language).content)
        assert (said["success"], said["error_message"]) == (False, words)
    assert (Document.objects.count(), files_below(settings.MEDIA_ROOT)) == (0, [])
