"""Who may open a page of the admin: what someone's role in the cooperative of the host allows."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from wagtail.admin.menu import MenuItem

from home.models import Cooperative, Role, User
from home.queries import roles_of

AdminView = Callable[..., HttpResponseBase]


class AdminRequest(HttpRequest):
    """A request behind `requires`: someone logged in, at the host of a cooperative. For annotations only."""

    cooperative: Cooperative
    user: User


def roles_in(request: HttpRequest) -> set[Role]:
    """The roles of the person who asks, in the cooperative of the host; read once a request."""
    if not hasattr(request, "_roles"):
        user, cooperative = request.user, getattr(request, "cooperative", None)
        known = isinstance(user, User) and cooperative is not None
        request._roles = roles_of(user, cooperative) if known else set()  # type: ignore[attr-defined, arg-type]
    return request._roles  # type: ignore[attr-defined]


def has_role(request: HttpRequest, *roles: Role) -> bool:
    return not roles_in(request).isdisjoint(roles)


def requires(*roles: Role) -> Callable[[AdminView], AdminView]:
    """The view opens for these roles only. Raises PermissionDenied, which the admin answers in its own way."""

    def decorate(view: AdminView) -> AdminView:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not has_role(request, *roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


class RoleMenuItem(MenuItem):
    """A menu item that only some roles see. The view behind it guards itself."""

    def __init__(self, *args: Any, roles: tuple[Role, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles = roles

    def is_shown(self, request: HttpRequest) -> bool:
        return has_role(request, *self.roles)
