"""What passes by itself: told apart from a fault, to visitors. tests/faults/ has worker and tick live through it."""

import errno
from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import InterfaceError, OperationalError, connection
from django.db.utils import IntegrityError

from home import outages, ticking
from home.models import Heartbeat, PeriodicJob


def caused(error, cause):
    try:
        raise error from cause
    except type(error) as raised:
        return raised


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OperationalError("gone"), True),
        (InterfaceError("closed"), True),
        (OSError(errno.ENOSPC, "full"), True),
        (caused(RuntimeError("what came of it"), OperationalError("gone")), True),
        (IntegrityError("twice"), False),
        (OSError(errno.ENOENT, "no such file"), False),
        (ValueError("wrong"), False),
        (None, False),
    ],
)
def test_an_outage_is_told_apart_from_a_fault(error, expected):
    assert outages.is_outage(error) is expected


@pytest.mark.parametrize(
    ("path", "accepts", "first"),
    [("/fr/", "en", "Cette page"), ("/en/", "fr", "This page"), ("/sitemap.xml", "en-CA", "This page")],
)
def test_the_page_of_an_outage_speaks_the_reader_s_language(cooperative, on_host, path, accepts, first):
    """Though nothing came to ask for it: the host itself could not be looked up."""

    def down(execute, sql, params, many, context):
        raise OperationalError("the database is restarting")

    client = on_host(cooperative)
    client.raise_request_exception = False
    with connection.execute_wrapper(down):
        answer = client.get(path, HTTP_ACCEPT_LANGUAGE=accepts)
    assert (answer.status_code, answer["Retry-After"], answer["Cache-Control"]) == (503, "30", "no-store")
    assert f"<h1>{first}" in answer.content.decode()


@pytest.mark.django_db
def test_a_job_that_an_outage_kept_from_running_is_due_again_within_a_minute(monkeypatch):
    monkeypatch.setattr(ticking, "_jobs", {})

    def gone():
        raise OperationalError("gone")

    def wrong():
        raise ValueError("a mistake of ours")

    ticking.periodic("gone", every=timedelta(days=1))(gone)
    ticking.periodic("wrong", every=timedelta(days=1))(wrong)
    ticking.run_due()
    waits = {job.name: job.next_run - Heartbeat.objects.get(name="tick").beat_at for job in PeriodicJob.objects.all()}
    assert waits["gone"] <= ticking.AFTER_OUTAGE < waits["wrong"]


def test_a_cache_that_cannot_be_written_to_is_gone_on_without(settings, tmp_path, monkeypatch):
    settings.CACHES = {"default": {"BACKEND": "home.file_cache.ForgivingFileCache", "LOCATION": tmp_path / "cache"}}
    cache = caches["default"]
    assert cache.add("there", 1, 60) and not cache.add("there", 1, 60)

    def full(*_arguments):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr("home.file_cache.os.open", full)
        assert not cache.add("code", 1, 60), "what serves once serves nobody"
        assert cache.set("any", 1) is None
        assert [cache.incr("code") for _time in range(3)] == [1, 2, 3]
        assert cache.incr("there") == 1
        assert cache.get("there") == 1
    assert cache.get("any") is None
    assert cache.add("code", 1, 60)
