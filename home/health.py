"""Is it up, and is it ready to serve?"""

from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from home.backups import standing
from home.models import Heartbeat

STALE = timedelta(seconds=90)


def readiness() -> dict[str, bool]:
    """Each thing that must hold before traffic is let in, and whether it does."""
    try:
        checks = {"database": True, "migrations": _migrated()}
        if checks["migrations"]:
            checks |= {name: _alive(name) for name in ("worker", "tick")} | {"released": not standing.is_held()}
    except DatabaseError:
        checks = {"database": False}
    return checks | {
        "mail": bool(settings.EMAIL_HOST or "anymail" in settings.EMAIL_BACKEND),
        "stripe": bool(settings.STRIPE_SECRET_KEY and settings.STRIPE_WEBHOOK_SECRET),
    }


def _migrated() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _alive(name: str) -> bool:
    return Heartbeat.objects.filter(name=name, beat_at__gte=timezone.now() - STALE).exists()
