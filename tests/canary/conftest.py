"""The two houses are built once for this folder; each test leaves them as it found them."""

import shutil

import pytest
from django.db import transaction
from django.test import override_settings

from tests.canary.houses import build


@pytest.fixture(scope="package")
def houses(django_db_setup, django_db_blocker, tmp_path_factory):
    """Ours and theirs, in a transaction that is rolled back after the last test of this folder."""
    media = tmp_path_factory.mktemp("media")
    with django_db_blocker.unblock():
        atomic = transaction.atomic()
        atomic._from_testcase = True
        atomic.__enter__()
        try:
            with override_settings(MEDIA_ROOT=media):
                built = build()
            built[0].made["media"] = media
            yield built
        finally:
            transaction.set_rollback(True)
            atomic.__exit__(None, None, None)


@pytest.fixture(autouse=True)
def their_files(request, media_folder, settings, tmp_path):
    """The houses' files, as they were made: what a test replaces or deletes is not undone with its rows."""
    if "houses" in request.fixturenames:
        media = request.getfixturevalue("houses")[0].made["media"]
        settings.MEDIA_ROOT = shutil.copytree(media, tmp_path / "of-the-houses")


@pytest.fixture
def ours(houses, db):
    return houses[0]


@pytest.fixture
def theirs(houses, db):
    return houses[1]
