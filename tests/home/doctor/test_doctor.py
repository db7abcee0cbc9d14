"""Each setting that is missing or unsafe is named, in the reader's language, with what to do."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone, translation

from home import ticking
from home.doctor import of_machine, of_settings
from home.doctor.registry import Level, examinations
from home.models import Heartbeat, SelfCheckRun
from pledges import doctoring

SOUND = {
    "SECRET_KEY": "kRz4vB8nQm2Xw7pLs9Yt3HdFgJ6cVbNa5UeTiOo1ZxMqWyEr0A-_",
    "SECRET_KEY_FALLBACKS": [],
    "CLOCK_FILE": None,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SECURE_SSL_REDIRECT": True,
    "SESSION_COOKIE_NAME": "__Host-sessionid",
    "CSRF_COOKIE_NAME": "__Host-csrftoken",
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "PROXIES_IN_FRONT": 1,
    "CSRF_TRUSTED_ORIGINS": [],
    "WAGTAILADMIN_BASE_URL": "https://financement.coop.quebec",
    "MAIL_DOMAIN": "coop.quebec",
    "DEFAULT_FROM_EMAIL": "Tremplin <bonjour@coop.quebec>",
    "OPERATOR_EMAIL": ["exploitation@coop.quebec"],
    "METRICS_TOKEN": "",
    "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
    "EMAIL_HOST_USER": "",
    "STRIPE_SECRET_KEY": "sk_live_51HabcdefghijklmnopQRST",
    "STRIPE_WEBHOOK_SECRET": "whsec_abcdefghijklmnopqrstuvwxyz012345",
    "STRIPE_TEST_SECRET_KEY": "",
    "STRIPE_API_BASE": "",
}


@pytest.fixture
def sound(settings):
    for name, value in SOUND.items():
        setattr(settings, name, value)
    settings.CACHES = {
        name: {"BACKEND": "home.file_cache.FileCache", "LOCATION": settings.MEDIA_ROOT.parent / name}
        for name in ("default", "pages")
    }
    return settings


def said(*examined, level=Level.PROBLEM):
    with translation.override("en"):
        return [one.about for examination in examined for one in examination() if one.level == level]


OF_SETTINGS = (
    of_settings.keys, of_settings.debugging, of_settings.cookies_and_https, of_settings.proxies_and_hosts,
    of_settings.mail_settings, of_settings.processes, doctoring.keys, doctoring.webhook_secret,
)  # fmt: skip


def test_sound_settings_are_not_objected_to(sound):
    assert said(*OF_SETTINGS) == said(*OF_SETTINGS, level=Level.ADVICE) == []


LOCAL = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
MAIL = "django.core.mail.backends"


@pytest.mark.parametrize(
    ("setting", "value", "about"),
    [
        ("SECRET_KEY", "short", "SECRET_KEY"),
        ("SECRET_KEY", "a" * 60, "SECRET_KEY"),
        ("SECRET_KEY_FALLBACKS", ["short"], "SECRET_KEY_FALLBACKS"),
        ("METRICS_TOKEN", "guess", "METRICS_TOKEN"),
        ("DEBUG", True, "DEBUG"),
        ("CLOCK_FILE", "/clock", "CLOCK_FILE"),
        ("SESSION_COOKIE_SECURE", False, "SESSION_COOKIE_SECURE"),
        ("CSRF_COOKIE_SECURE", False, "CSRF_COOKIE_SECURE"),
        ("SECURE_SSL_REDIRECT", False, "SECURE_SSL_REDIRECT"),
        ("SESSION_COOKIE_NAME", "sessionid", "SESSION_COOKIE_NAME"),
        ("CSRF_COOKIE_NAME", "csrftoken", "CSRF_COOKIE_NAME"),
        ("SECURE_HSTS_SECONDS", 3600, "SECURE_HSTS_SECONDS"),
        ("PROXIES_IN_FRONT", 0, "PROXIES_IN_FRONT"),
        ("CSRF_TRUSTED_ORIGINS", ["https://*.coop.quebec"], "CSRF_TRUSTED_ORIGINS"),
        ("CSRF_TRUSTED_ORIGINS", ["http://coop.quebec"], "CSRF_TRUSTED_ORIGINS"),
        ("WAGTAILADMIN_BASE_URL", "http://financement.coop.quebec", "ADMIN_BASE_URL"),
        ("WAGTAILADMIN_BASE_URL", "https://localhost:8000", "ADMIN_BASE_URL"),
        ("EMAIL_BACKEND", f"{MAIL}.console.EmailBackend", "EMAIL_BACKEND"),
        ("EMAIL_BACKEND", f"{MAIL}.locmem.EmailBackend", "EMAIL_BACKEND"),
        ("MAIL_DOMAIN", "tremplin.example", "MAIL_DOMAIN"),
        ("DEFAULT_FROM_EMAIL", "bonjour@tremplin.example", "DEFAULT_FROM_EMAIL"),
        ("OPERATOR_EMAIL", [], "OPERATOR_EMAIL"),
        ("CACHES", LOCAL, "CACHES[default]"),
        ("TASKS", {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}, "TASK_QUEUE"),
        ("STRIPE_SECRET_KEY", "", "STRIPE_SECRET_KEY"),
        ("STRIPE_SECRET_KEY", "sk_test_tremplin", "STRIPE_SECRET_KEY"),
        ("STRIPE_SECRET_KEY", "pk_live_51Habc", "STRIPE_SECRET_KEY"),
        ("STRIPE_TEST_SECRET_KEY", "sk_live_51Habc", "STRIPE_TEST_SECRET_KEY"),
        ("STRIPE_API_BASE", "http://127.0.0.1:8001", "STRIPE_API_BASE"),
        ("STRIPE_WEBHOOK_SECRET", "", "STRIPE_WEBHOOK_SECRET"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_short", "STRIPE_WEBHOOK_SECRET"),
    ],
)
def test_what_is_missing_or_unsafe_is_named(sound, setting, value, about):
    setattr(sound, setting, value)
    assert said(*OF_SETTINGS) == [about]


def test_a_password_for_mail_is_not_sent_in_the_open(sound):
    sound.EMAIL_BACKEND, sound.EMAIL_HOST_USER, sound.EMAIL_USE_TLS = f"{MAIL}.smtp.EmailBackend", "meule", False
    assert said(of_settings.mail_settings) == ["SMTP_TLS"]


def test_a_provider_whose_events_nothing_proves_is_advised_about(sound):
    sound.EMAIL_BACKEND, sound.ANYMAIL = "anymail.backends.postmark.EmailBackend", {"POSTMARK_SERVER_TOKEN": "x"}
    assert said(of_settings.mail_settings, level=Level.ADVICE) == ["ANYMAIL_WEBHOOK_SECRET"]
    sound.ANYMAIL = {"POSTMARK_SERVER_TOKEN": "x", "WEBHOOK_SECRET": ["a:b"]}
    assert said(of_settings.mail_settings, level=Level.ADVICE) == []


def test_what_the_framework_says_is_said_too(sound):
    sound.SECOND_FACTOR_REQUIRED_FOR = ()
    assert "home.W001" in said(of_settings.framework)


@pytest.mark.django_db
def test_worker_and_tick_are_named_where_they_are_silent():
    assert said(of_machine.alive) == ["worker", "tick"]
    ticking.beat("worker")
    ticking.beat("tick")
    assert said(of_machine.alive) == []
    Heartbeat.objects.filter(name="tick").update(beat_at=timezone.now() - timedelta(minutes=5))
    assert said(of_machine.alive) == ["tick"]


@pytest.mark.django_db
def test_a_database_that_is_not_migrated():
    from django.db import connection

    assert said(of_machine.database) == []
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'updates'")
    assert said(of_machine.database) == ["Database"]


def test_a_cache_that_cannot_be_read_back(sound):
    assert said(of_machine.cache) == []
    redis = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1"}
    sound.CACHES = {"default": redis}
    assert said(of_machine.cache) == ["CACHES[default]"]
    sound.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    assert said(of_machine.cache) == ["CACHES[default]"]


def test_a_mail_provider_that_does_not_answer(sound, tmp_path):
    from tests.mail_sink import sink_running

    sound.EMAIL_BACKEND, sound.EMAIL_HOST, sound.EMAIL_PORT = f"{MAIL}.smtp.EmailBackend", "127.0.0.1", 1
    assert said(of_machine.mail_provider) == ["SMTP_HOST"]
    with sink_running(tmp_path) as sink:
        sound.EMAIL_PORT = sink.port
        assert said(of_machine.mail_provider) == []


def test_a_disk_that_is_nearly_full_or_closed(sound, tmp_path, monkeypatch):
    monkeypatch.setattr(of_machine, "FREE_BYTES", 0)
    monkeypatch.setattr(of_machine, "FREE_SHARE", 0.0)
    assert said(of_machine.disk) == []
    monkeypatch.setattr(of_machine, "FREE_SHARE", 1.1)
    assert said(of_machine.disk) == ["Disk"]
    monkeypatch.setattr(of_machine, "FREE_SHARE", 0.0)
    sound.MEDIA_ROOT = "/proc/nowhere"
    assert said(of_machine.disk) == ["TREMPLIN_DATA"]


def test_styles_that_were_not_collected(sound, tmp_path, monkeypatch):
    monkeypatch.setattr(of_machine, "FREE_BYTES", 0)
    monkeypatch.setattr(of_machine, "FREE_SHARE", 0.0)
    name = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    sound.STORAGES = {"default": sound.STORAGES["default"], "staticfiles": {"BACKEND": name}}
    sound.STATIC_ROOT = tmp_path
    assert said(of_machine.disk) == ["STATIC_ROOT"]
    (tmp_path / "staticfiles.json").touch()
    assert said(of_machine.disk) == []


def test_clocks_that_are_apart():
    with translation.override("en"):
        assert of_machine.skew(timedelta(seconds=29), "PostgreSQL") is None
        assert "90 seconds" in of_machine.skew(timedelta(seconds=-90), "PostgreSQL").what


def test_backups_that_are_old_or_nowhere(sound, tmp_path):
    import os
    import time

    sound.BACKUP_DIR = ""
    assert said(of_machine.backups) == ["BACKUP_DIR"]
    sound.BACKUP_DIR = str(tmp_path)
    assert said(of_machine.backups) == ["BACKUP_DIR"]
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "manifest.json").touch()
    assert said(of_machine.backups) == []
    then = time.time() - 30 * 3600
    os.utime(tmp_path / "one" / "manifest.json", (then, then))
    assert said(of_machine.backups) == ["BACKUP_DIR"]


@pytest.mark.django_db
def test_checks_of_the_night_that_found_something():
    assert said(of_machine.nightly_checks, level=Level.ADVICE) == ["Checks of the night"]
    run = SelfCheckRun.objects.create(day=timezone.now().date(), finished_at=timezone.now())
    assert said(of_machine.nightly_checks) == []
    run.found = {"ledger": {"count": 1, "first": ["x"], "failed": ""}}
    run.save()
    assert said(of_machine.nightly_checks) == ["Checks of the night"]


def test_stripe_that_does_not_let_us_in(sound):
    sound.STRIPE_API_BASE = "http://127.0.0.1:1"
    assert said(doctoring.answers) == ["Stripe"]


@pytest.mark.django_db
def test_events_that_stripe_does_not_send_here(stripe_double, settings):
    from pledges import event_routes
    from pledges.gateway.client import client

    def listen(*kinds, url="https://financement.coop.quebec/stripe/webhook/"):
        client().v1.webhook_endpoints.create({"url": url, "enabled_events": list(kinds), "connect": True})

    def what():
        with translation.override("en"):
            return [one.what for one in doctoring.answers()]

    assert "No endpoint at Stripe" in what()[0]
    listen("*", url="https://elsewhere.example/hook/")
    assert "No endpoint at Stripe" in what()[0]
    listen("payout.paid")
    assert "does not send" in what()[0] and "payout.paid" not in what()[0] and "account.updated" in what()[0]
    listen(*event_routes.ROUTES)
    assert what() == []


@pytest.mark.django_db
@pytest.mark.parametrize(("shell", "heading"), [("en_CA.UTF-8", "To mend"), ("fr_CA.UTF-8", "À corriger")])
def test_the_command_speaks_the_reader_s_language_and_fails(
    capsys, monkeypatch, settings, stripe_double, shell, heading
):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", shell)
    with pytest.raises(CommandError) as ended:
        call_command("doctor")
    written = capsys.readouterr().out
    assert ended.value.returncode == 1
    assert heading in written and "- SECRET_KEY · " in written and "→" in written


def test_every_room_that_knows_something_is_asked():
    assert {one.__module__ for one in examinations()} == {
        "home.doctor.of_settings", "home.doctor.of_machine", "pledges.doctoring",
    }  # fmt: skip
