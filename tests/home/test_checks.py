"""Settings that cannot work together are named before anything starts."""

from django.core.checks import Tags, run_checks

ON_REDIS = {"default": {"BACKEND": "home.task_queue.ForgivingRQBackend"}}


def ids():
    return [found.id for found in run_checks(tags=[Tags.caches, Tags.files]) if (found.id or "").startswith("home.E")]


def test_settings_that_fit_are_not_objected_to(settings):
    settings.REDIS_URL, settings.MEDIA_BUCKET, settings.MEDIA_HOST = "redis://127.0.0.1", "b", "media.example.org"
    settings.TASKS = ON_REDIS
    assert ids() == []


def test_tasks_on_redis_without_one(settings):
    settings.REDIS_URL = ""
    settings.TASKS = ON_REDIS
    assert ids() == ["home.E001"]


def test_a_bucket_that_nobody_shows(settings):
    settings.MEDIA_BUCKET, settings.MEDIA_HOST = "pictures", ""
    assert ids() == ["home.E002"]
