"""What every request of the admin passes: a host is for the people of its cooperative, and they name what is theirs.

Several of Wagtail's views show the title of a page or a file before they ask whether its reader may act on it.
"""

import re
from collections.abc import Callable
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.db.models import Model
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse
from wagtail.admin import messages
from wagtail.admin.auth import permission_denied
from wagtail.admin.utils import get_valid_next_url_from_request
from wagtail.documents.models import Document
from wagtail.images.models import Image
from wagtail.models import Page, TaskState

from home.admin_access import findable, roles_in
from home.log_in import lifetimes, recent_login, second_factor
from home.middleware import GetResponse
from home.models import PublicationRefused, User

#: What everyone who logged in may do, at any host.
OPEN_TO_ALL = {"account_login", "account_logout", "mfa_authenticate"}

#: What belongs to the platform and asks everyone in: reviews are set up once for each cooperative, by founding it.
PLATFORM_SPACES = {"wagtailadmin_workflows"}
PLATFORM_VIEWS = {"wagtailadmin_error_test"}

#: Whose views show before they ask: Wagtail's, and those that stand on theirs.
WAGTAIL_S = ("wagtail", "home.wagtail_hooks")

#: How Wagtail's addresses call the pages they are about.
PAGES_IN_PATH = ("page_id", "parent_page_id", "page_to_move_id", "destination_id", "page_pk")

#: What a database takes for an id.
ROW_ID = re.compile(r"[0-9]{1,18}\Z")

BULK = "wagtail_bulk_action"
BULK_MODELS: dict[tuple[str, str], type[Model]] = {
    ("wagtailcore", "page"): Page,
    ("wagtailimages", "image"): Image,
    ("wagtaildocs", "document"): Document,
}


class OwnAdminMiddleware:
    """Leads strangers to their own admin, and refuses addresses about what they cannot find in Wagtail's lists."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponseBase], args: Any, kwargs: dict[str, Any]
    ) -> HttpResponseBase | None:
        if not request.path.startswith(_admin_home()):
            return None  # before the user is asked for: a public page reads no session, and varies by no cookie
        user, match = request.user, request.resolver_match
        if not isinstance(user, User) or match is None or match.url_name in OPEN_TO_ALL:
            return None
        if not user.is_superuser and not roles_in(request):
            return _to_own_admin(user)
        if (away := second_factor.led_away(request, user, match.url_name)) is not None:
            return away
        if (away := lifetimes.led_away(request, user, match)) is not None:
            return away
        if user.is_superuser:
            return None
        if view.__module__.startswith(WAGTAIL_S) and not _is_theirs(request, user, match):
            return permission_denied(request)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """In place of django-allauth's answer, which would keep a POST and do it after the proof, past this class."""
        return recent_login.ask(request) if isinstance(exception, ReauthenticationRequired) else None


class RefusalMiddleware:
    """Where a view of the admin tries to publish what may not be published, its reader is told why instead.

    The views that are used every day ask first, and say it better; none is left out by this one.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        home = _admin_home()
        if not isinstance(exception, PublicationRefused) or not request.path.startswith(home):
            return None
        messages.error(request, " ".join(exception.messages))
        return redirect(get_valid_next_url_from_request(request) or home)


def _admin_home() -> str:
    """As cooperatives' hosts have it: the platform's own host has no admin, and addresses of its own."""
    return reverse("wagtailadmin_home", urlconf=settings.ROOT_URLCONF)


def _to_own_admin(user: User) -> HttpResponseBase | None:
    """None for someone of no cooperative at all: Wagtail refuses them."""
    membership = user.memberships.select_related("cooperative__site").order_by("pk").first()
    return redirect(membership.cooperative.root_url + _admin_home()) if membership else None


def _is_theirs(request: HttpRequest, user: User, match: ResolverMatch) -> bool:
    if PLATFORM_SPACES & set(match.namespaces) or match.url_name in PLATFORM_VIEWS:
        return False
    in_path = {str(match.kwargs[name]) for name in PAGES_IN_PATH if name in match.kwargs}
    if in_path and not _can_find(user, Page, in_path):
        return False
    if "task_id" in match.kwargs and not _waits_in(match.kwargs["task_id"], in_path):
        return False
    in_query = {one for one in request.GET.getlist("id") if one != "all"}
    if match.url_name == "wagtailadmin_choose_page_chosen_multiple":
        return _can_find(user, Page, in_query)
    if match.url_name == BULK:
        return _may_bulk(request, user, match, in_query)
    return True


def _waits_in(task_id: int, pages: set[str]) -> bool:
    """Whether one of these pages ever was in that task of a review."""
    return TaskState.objects.filter(task=task_id, workflow_state__object_id__in=pages).exists()


def _may_bulk(request: HttpRequest, user: User, match: ResolverMatch, ids: set[str]) -> bool:
    """`id=all` is all that stands below a page; of files, all that the person may change."""
    model = BULK_MODELS.get((match.kwargs["app_label"], match.kwargs["model_name"]))
    if model is None:
        return False
    if model is not Page:
        return _can_find(user, model, ids)
    above = request.GET.getlist("childOf")
    return _can_find(user, Page, ids | set(above)) and (bool(above) or "all" not in request.GET.getlist("id"))


def _can_find(user: User, model: type[Model], ids: set[str]) -> bool:
    if not all(ROW_ID.match(one) for one in ids):
        return False
    return not ids or findable(user, model).filter(pk__in=ids).count() == len(ids)
