"""Which cooperative this code works for.

A model with `ScopedManager` refuses to be queried outside a scope (django-scopes raises ScopeError), so that a
query that forgets its tenant fails at once instead of leaking. Requests run in the scope of their host's
cooperative; tasks open one per row. `across_cooperatives` is for the modules listed in tests/test_architecture.py.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import models
from django_scopes import get_scope, scope, scopes_disabled
from django_scopes.manager import DisabledQuerySet

if TYPE_CHECKING:
    from home.models import Cooperative

Row = TypeVar("Row", bound=models.Model, covariant=True)


class ScopedManager(models.Manager[Row]):
    """Rows of the running scope's cooperative only; the model has a `cooperative` foreign key."""

    def get_queryset(self) -> models.QuerySet[Row]:
        running = get_scope()
        if not running.get("_enabled", True):
            return super().get_queryset()
        if "cooperative" not in running:
            return DisabledQuerySet(self.model, using=self._db, missing_scopes={"cooperative"})
        return super().get_queryset().filter(cooperative=running["cooperative"])

    def all(self) -> models.QuerySet[Row]:
        """Refuses at once outside a scope, rather than when it is read; keeps rows that were prefetched."""
        rows = super().all()
        return rows.all() if isinstance(rows, DisabledQuerySet) else rows


def within(cooperative: "Cooperative") -> AbstractContextManager[Any]:
    """Run what follows for this cooperative alone."""
    return scope(cooperative=cooperative)


def across_cooperatives() -> AbstractContextManager[Any]:
    """Lift the scope: for queues, webhooks and periodic work that serve every cooperative."""
    return scopes_disabled()


def current_cooperative() -> "Cooperative | None":
    """The cooperative of the running scope, if there is one."""
    return get_scope().get("cooperative")
