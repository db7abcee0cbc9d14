"""Which cooperative this code works for.

A model with `ScopedManager` refuses to be queried outside a scope (django-scopes raises ScopeError), so that a
query that forgets its tenant fails at once instead of leaking. Requests run in the scope of their host's
cooperative; tasks open one per row. `across_cooperatives` is for the modules listed in tests/test_architecture.py.
"""

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from django_scopes import ScopedManager, get_scope, scope, scopes_disabled

if TYPE_CHECKING:
    from home.models import Cooperative

__all__ = ["ScopedManager", "across_cooperatives", "current_cooperative", "within"]


def within(cooperative: "Cooperative") -> AbstractContextManager[Any]:
    """Run what follows for this cooperative alone."""
    return scope(cooperative=cooperative)


def across_cooperatives() -> AbstractContextManager[Any]:
    """Lift the scope: for queues, webhooks and periodic work that serve every cooperative."""
    return scopes_disabled()


def current_cooperative() -> "Cooperative | None":
    """The cooperative of the running scope, if there is one."""
    return get_scope().get("cooperative")
