"""A count in the cache of files: none is missed, and it is forgotten when it was to be."""

import time
from threading import Thread

import pytest

from home.file_cache import FileCache


@pytest.fixture
def files(tmp_path):
    return FileCache(str(tmp_path), {})


def test_a_count_lasts_as_long_as_it_was_given(files, monkeypatch):
    files.add("n", 1, 3600)
    assert [files.incr("n"), files.incr("n", 4), files.incr("n", -2)] == [2, 6, 4]
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 3500)
    assert (files.get("n"), files.incr("n")) == (4, 5)
    monkeypatch.setattr(time, "time", lambda: now + 3601)
    with pytest.raises(ValueError, match="not found"):
        files.incr("n")


def test_what_is_not_there_is_not_counted(files):
    with pytest.raises(ValueError, match="not found"):
        files.incr("n")


def test_two_at_once_are_two(files):
    files.add("n", 0, None)
    threads = [Thread(target=lambda: [files.incr("n") for _ in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert files.get("n") == 200
