"""Is it up, and is it ready to serve?"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from home.backups import standing
from home.models import Heartbeat

STALE = timedelta(seconds=90)

#: How long one statement of a look at the database may take: who asks waits for no more than a few.
PATIENCE_MS = 2_000


def readiness() -> dict[str, bool]:
    """Each thing that must hold before traffic is let in, and whether it does. Names no fault's cause."""
    try:
        with patience():
            checks = {"database": True, "migrations": is_migrated()}
            if checks["migrations"]:
                checks |= {name: _alive(name) for name in ("worker", "tick")} | {"released": not standing.is_held()}
    except Error:
        checks = {"database": False}
    return checks | {
        "mail": bool(settings.EMAIL_HOST or "anymail" in settings.EMAIL_BACKEND),
        "stripe": bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET),
    }


@contextmanager
def patience() -> Iterator[None]:
    """What is asked within is given up after some seconds where the database can be told so (PostgreSQL).

    SQLite answers who reads at once, and a transaction there would wait for those who write.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
        yield
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")


def is_migrated() -> bool:
    """Whether each migration of this version was applied. The whole plan is only made where one seems to be missing."""
    if _known_migrations() <= set(MigrationRecorder(connection).applied_migrations()):
        return True
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """Those of this process's code, read from disk once."""
    return frozenset(MigrationLoader(None).graph.nodes)


def _alive(name: str) -> bool:
    return Heartbeat.objects.filter(name=name, beat_at__gte=timezone.now() - STALE).exists()
