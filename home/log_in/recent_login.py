"""Views about money and lists of people ask who it is again, when the last proof is older than RECENT_LOGIN_WITHIN.

What a form held that was sent too late is kept, and shown again after the proof: its sender sends it once more, or not.
Nothing is replayed (django-allauth would do that, past the middleware).
"""

import re
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, overload

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from home.admin_access import AdminView
from home.admin_pages import furniture

KEPT = "recent_login_kept"
KEPT_SECONDS = 30 * 60
#: A session holds no more of a form than this.
LARGEST = 20_000

#: What the choices of forms are called in the code; not what someone typed.
NAME_OF_A_CHOICE = re.compile(r"[a-z_]*\Z")


def is_recent(request: HttpRequest) -> bool:
    """Whether the person proved who they are a moment ago, by logging in or by confirming it."""
    if settings.RECENT_LOGIN_WITHIN is None:
        return True
    if not request.user.is_authenticated:
        return False
    latest = max((one.get("at", 0) for one in get_authentication_records(request, request.user)), default=0)
    return time.time() - latest < settings.RECENT_LOGIN_WITHIN.total_seconds()


@overload
def recent_login(view: AdminView) -> AdminView: ...
@overload
def recent_login(*, only_posts: bool = False, back_to: str = "") -> Callable[[AdminView], AdminView]: ...


def recent_login(view: AdminView | None = None, *, only_posts: bool = False, back_to: str = "") -> Any:
    """The view opens after a fresh log-in; stands below `requires` and above what refuses methods.

    `only_posts`: who only looks is not asked. `back_to` names the page that the view's button stands on, where the
    view is a file or takes POST alone; it takes the view's own arguments, or none.
    """

    def decorate(view: AdminView) -> AdminView:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            back = _address_of(back_to, kwargs) if back_to else ""
            if not is_recent(request) and (request.method == "POST" or not only_posts):
                return ask(request, back=back, keep=True)
            kept = _take(request) if request.method == "GET" else None
            return _kept_page(request, kept, back) if kept is not None else view(request, *args, **kwargs)

        guarded.asks_for_recent_login = True  # type: ignore[attr-defined]
        return guarded

    return decorate if view is None else decorate(view)


def _address_of(name: str, arguments: dict[str, Any]) -> str:
    try:
        return reverse(name, kwargs=arguments)
    except NoReverseMatch:
        return reverse(name)


def ask(request: HttpRequest, *, back: str = "", keep: bool = False) -> HttpResponse:
    """Lead to where one proves who one is, and from there back. Raises PermissionDenied where there is no way to."""
    ways = get_adapter(request).get_reauthentication_methods(request.user)
    if not ways:
        raise PermissionDenied
    following = _page_of(request, back)
    if request.method == "POST" and keep and _keep(request):
        following = request.get_full_path()
    return HttpResponseRedirect(f"{ways[0]['url']}?{urlencode({'next': following})}")


def _page_of(request: HttpRequest, back: str) -> str:
    """A page, where the view gives a file: after a proof, a file would leave its reader before the proof's form."""
    asked = request.GET.copy()
    is_file = asked.pop("as", None) is not None or (back and request.method != "POST")
    if is_file:
        messages.info(request, _("Confirm that it is you, then ask for the file again."))
    path = back or request.path
    return f"{path}?{asked.urlencode()}" if asked else path


def _keep(request: HttpRequest) -> bool:
    """False for what a session cannot hold: files, and very long texts."""
    sent = request.POST.copy()
    sent.pop("csrfmiddlewaretoken", None)
    body = sent.urlencode()
    if request.FILES or len(body) > LARGEST:
        messages.warning(request, _("Confirm that it is you, then send the form again: it could not be kept."))
        return False
    request.session[KEPT] = {"path": request.get_full_path(), "body": body, "at": time.time()}
    return True


def _take(request: HttpRequest) -> QueryDict | None:
    """What was kept for this address, once."""
    kept = request.session.get(KEPT)
    if not kept or kept["path"] != request.get_full_path():
        return None
    del request.session[KEPT]
    return QueryDict(kept["body"]) if time.time() - kept["at"] < KEPT_SECONDS else None


def _kept_page(request: HttpRequest, kept: QueryDict, back: str) -> HttpResponse:
    fields = [(name, value) for name, values in kept.lists() for value in values]
    typed = [value for _name, value in fields if not NAME_OF_A_CHOICE.match(value)]
    context = furniture(_("Send again"), "lock") | {"fields": fields, "typed": typed, "back": back or request.path}
    return TemplateResponse(request, "home/admin/recent_login_kept.html", context)
