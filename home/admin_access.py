"""Who may open a page of the admin: what someone's role in the cooperative of the host allows."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseBase
from wagtail.admin.menu import MenuItem
from wagtail.models import Page
from wagtail.permissions import policy_registry

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


def is_operator(request: HttpRequest) -> bool:
    """Someone of the platform's, at the host of a cooperative."""
    return bool(request.user.is_superuser) and getattr(request, "cooperative", None) is not None


def findable(user: Any, model: type[Model]) -> QuerySet:
    """What someone finds in Wagtail's explorer (pages), or may choose from (images, documents)."""
    policy = policy_registry.get_by_type(model)
    if model is Page:
        return policy.explorable_instances(user)
    return policy.instances_user_has_any_permission_for(user, ["choose", "change", "delete"])


def requires(*roles: Role, operators: bool = False) -> Callable[[AdminView], AdminView]:
    """The view opens for these roles only, at the host of their cooperative, and for the platform's operators if told.

    Raises PermissionDenied, which the admin answers in its own way.
    """

    def decorate(view: AdminView) -> AdminView:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not has_role(request, *roles) and not (operators and is_operator(request)):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def operators_only(view: AdminView) -> AdminView:
    """The view opens for whoever runs the platform, at any cooperative's host. Raises PermissionDenied."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (request.user.is_active and request.user.is_superuser):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


class OperatorMenuItem(MenuItem):
    """A menu item of the platform's own. The view behind it guards itself."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)


class RoleMenuItem(MenuItem):
    """A menu item that only some roles see, and operators if told. The view behind it guards itself."""

    def __init__(self, *args: Any, roles: tuple[Role, ...], operators: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.roles, self.operators = roles, operators

    def is_shown(self, request: HttpRequest) -> bool:
        return has_role(request, *self.roles) or (self.operators and is_operator(request))
