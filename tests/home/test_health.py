"""Is it up, is it ready: said in names and yes or no, also while the database is away."""

import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from home import health, ticking
from home.models import Heartbeat


def ready(client=None):
    answer = (client or Client(headers={"host": "any.example"})).get("/readyz")
    return answer.status_code, answer.json(), answer


@pytest.fixture
def alive(db):
    ticking.beat("worker")
    ticking.beat("tick")


def test_it_is_up_without_asking_anything(django_assert_num_queries, db):
    with django_assert_num_queries(0):
        assert Client(headers={"host": "any.example"}).get("/healthz").content == b"ok"


def test_it_is_ready(alive):
    status, checks, answer = ready()
    assert (status, answer["Cache-Control"]) == (200, "no-store")
    assert checks == dict.fromkeys(("database", "migrations", "worker", "tick", "released", "mail", "stripe"), True)


@pytest.mark.parametrize("process", ["worker", "tick"])
def test_a_process_that_is_silent_is_named(alive, process):
    Heartbeat.objects.filter(name=process).update(beat_at=timezone.now() - timedelta(minutes=2))
    status, checks, _answer = ready()
    assert (status, [name for name, holds in checks.items() if not holds]) == (503, [process])


@pytest.mark.parametrize(
    ("setting", "name"),
    [("STRIPE_SECRET_KEY", "stripe"), ("STRIPE_WEBHOOK_SECRET", "stripe"), ("EMAIL_HOST", "mail")],
)
def test_what_is_not_configured_is_named(alive, settings, setting, name):
    setattr(settings, setting, "")
    status, checks, _answer = ready()
    assert (status, [one for one, holds in checks.items() if not holds]) == (503, [name])


def test_a_migration_that_is_missing_is_named(alive):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'updates'")
    status, checks, _answer = ready()
    assert status == 503
    assert checks["database"] and not checks["migrations"] and "worker" not in checks


def test_a_database_that_is_away_is_said_so_soon(settings, django_db_blocker, monkeypatch):
    """A port nobody listens at; nothing of the error is told."""
    from django.db import connections
    from django.db.backends.postgresql.base import DatabaseWrapper

    away = DatabaseWrapper(
        connections.databases["default"]
        | {"ENGINE": "django.db.backends.postgresql", "HOST": "127.0.0.1", "PORT": "1", "NAME": "secret-name"}
        | {"OPTIONS": {"connect_timeout": 2}, "USER": "someone", "PASSWORD": "hunter2"}
    )
    before = connections["default"]
    began = time.monotonic()
    with django_db_blocker.unblock():
        connections["default"] = away
        try:
            status, checks, answer = ready()
        finally:
            connections["default"] = before
    assert time.monotonic() - began < 5
    assert (status, checks) == (503, {"database": False, "mail": True, "stripe": True})
    assert "secret" not in answer.content.decode() and "hunter2" not in answer.content.decode()


@pytest.mark.postgres
@pytest.mark.django_db
def test_a_statement_that_takes_long_is_given_up(monkeypatch):
    from django.db import OperationalError

    monkeypatch.setattr(health, "PATIENCE_MS", 50)
    with pytest.raises(OperationalError), health.patience(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
