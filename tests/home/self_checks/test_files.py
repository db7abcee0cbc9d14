"""Files without a row, and rows without their file."""

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from wagtail.documents.models import Document

from home.self_checks import files


def age(path, by=timedelta(days=2)):
    then = time.time() - by.total_seconds()
    os.utime(path, (then, then))


@pytest.fixture
def document(db):
    made = Document.objects.create(title="Plan", file=ContentFile(b"plan", name="plan.txt"))
    age(made.file.path)
    return made


def test_what_belongs_together_is_not_found(document):
    assert list(files.orphaned_files()) == []


def test_a_file_of_no_row_is_found_once_it_is_old(document, settings):
    path = Path(default_storage.path(default_storage.save("documents/inner/left.txt", ContentFile(b"x"))))
    assert list(files.orphaned_files()) == []
    age(path)
    assert list(files.orphaned_files()) == ["documents/inner/left.txt: a file of no row"]


def test_a_row_without_its_file_is_found(document):
    Path(document.file.path).unlink()
    assert list(files.orphaned_files()) == [
        f"wagtaildocs.Document:{document.pk}: its file is gone ({document.file.name})"
    ]


def test_pictures_documents_and_films_are_looked_at():
    looked_at = {f"{model._meta.label}.{name}" for model, name in files.holding()}
    assert {"wagtailimages.Image.file", "wagtaildocs.Document.file", "wagtailmedia.Media.file"} <= looked_at
