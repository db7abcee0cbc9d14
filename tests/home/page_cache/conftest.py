"""Pages are kept here, and what is written is committed where a test says so."""

from contextlib import contextmanager

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client

from home.page_cache import pulse, shelves, store
from home.page_cache.shelves import shelf


@pytest.fixture(autouse=True)
def pages_kept(settings, media_folder, monkeypatch):
    """Each answer is judged: the moment for which one is trusted is the machine's, and tests set the clock."""
    settings.PAGE_CACHE = True
    monkeypatch.setattr(shelves, "TRUSTED", 0)
    monkeypatch.setattr(store, "_paused_until", 0.0)
    monkeypatch.setattr(pulse, "_said", {})
    caches["pages"].clear()
    shelf.clear()


@pytest.fixture
def committed(db, django_capture_on_commit_callbacks):
    """What is written within is committed at its end."""

    @contextmanager
    def commit():
        connection.run_on_commit.clear()  # what earlier writes of the test asked for was never to run
        with django_capture_on_commit_callbacks(execute=True):
            yield

    return commit


@pytest.fixture
def visit():
    """Ask as a stranger at a cooperative's host; `how` of the answer says where it came from."""

    def get(cooperative, path, **headers):
        client = Client(
            headers={"host": cooperative.site.hostname} | {k.replace("_", "-"): v for k, v in headers.items()}
        )
        response = client.get(path)
        response.how = response.headers.get("Server-Timing", "").removeprefix('page;desc="').rstrip('"')
        return response

    return get
