"""Which cooperatives someone advises: each one that invited them, until it takes the role back."""

from django.http import HttpRequest

from home.models import Cooperative, Role, User


def advised_by(request: HttpRequest) -> list[Cooperative]:
    """Those of the person who asks, by name; read once a request. Other roles count for nothing."""
    if not hasattr(request, "_advised"):
        request._advised = _advised(request.user) if isinstance(request.user, User) else []  # type: ignore[attr-defined]
    return request._advised  # type: ignore[attr-defined]


def _advised(user: User) -> list[Cooperative]:
    found = Cooperative.objects.filter(memberships__user=user, memberships__role=Role.ADVISER, archived_at=None)
    return list(found.select_related("site").order_by("name", "pk"))
