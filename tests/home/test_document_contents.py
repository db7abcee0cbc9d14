"""Documents are what their name says, and not too large."""

import io
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.utils import translation
from wagtail.documents import get_document_model
from wagtail.documents.forms import get_document_form

from home.document_contents import LARGEST
from tests.factories.cooperatives import make_user


def packed(*names):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


def errors_of(cooperative, name, data, size=None):
    file = SimpleUploadedFile(name, data) if size is None else UploadedFile(io.BytesIO(data), name=name, size=size)
    form = get_document_form(get_document_model())
    with translation.override("en"):
        errors = form({"title": "A"}, {"file": file}, user=make_user(cooperative)).errors.get("file")
        return errors and list(errors)


GOOD = {
    "a.pdf": b"%PDF-1.7 ...",
    "A.PDF": b"\xef\xbb\xbf%PDF-1.4",
    "a.docx": packed("[Content_Types].xml", "word/document.xml"),
    "a.xlsx": packed("xl/workbook.xml"),
    "a.pptx": packed("ppt/presentation.xml"),
    "a.odt": packed("mimetype", "content.xml"),
    "a.zip": packed("anything"),
    "a.csv": "Épicerie;1,50\r\n".encode("cp1252"),
    "a.txt": "Sous\tles arbres\n".encode("utf-16"),
    "a.vtt": b"WEBVTT\n\n00:00.000 --> 00:01.000\nListen.",
}


@pytest.mark.parametrize("name", GOOD)
def test_what_it_says_is_taken(cooperative, name):
    assert errors_of(cooperative, name, GOOD[name]) is None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.pdf", b"<html><script>"),
        ("a.docx", packed("xl/workbook.xml")),
        ("a.zip", b"PK\x03\x04 and no more"),
        ("a.xlsx", b"MZ\x90\0"),
        ("a.csv", b"MZ\x90\0\x03"),
        ("a.txt", b"\x7fELF\x02\x01\x01\0"),
        ("a.vtt", b"\x89PNG\r\n\x1a\n\0"),
    ],
)
def test_what_holds_something_else_is_refused(cooperative, name, data):
    extension = name.partition(".")[2]
    said = (
        f"The name of this file ends in .{extension}, but it holds something else. Save it again, and send that copy."
    )
    assert errors_of(cooperative, name, data) == [said]


def test_what_is_too_large_is_refused_before_it_is_read(cooperative):
    said = "This file is too large (20.0\xa0MB); the limit is 20.0\xa0MB."
    assert errors_of(cooperative, "a.pdf", b"", size=LARGEST + 1) == [said]


@pytest.mark.parametrize("name", ["a.html", "a.svg", "a.exe", "a.js", "a", "a.pdf.html"])
def test_other_names_are_refused(cooperative, name):
    assert errors_of(cooperative, name, b"x")
