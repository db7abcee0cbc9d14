"""Addresses of files: those that Django makes, with less work."""

import pytest
from django.core.files.storage import FileSystemStorage

from home.media_folder import MediaFolder

NAMES = ["images/a_b-1.width-480.webp", "a", "images/é t.png", "a/../b", "/a", "a//b", "a b", "a?b#c", "./a", "", "a/"]


@pytest.mark.parametrize("base", ["/media/", "https://files.example/m/"])
@pytest.mark.parametrize("name", NAMES)
def test_they_are_django_s(base, name):
    assert MediaFolder(base_url=base).url(name) == FileSystemStorage(base_url=base).url(name)
