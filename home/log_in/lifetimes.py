"""How long a session of the team opens the admin before it asks again who is there.

It asks after SESSION_ASKS_AFTER_IDLE without a request, and SESSION_ASKS_AFTER from the last proof in any case. What
moves money, and lists of people, ask much sooner (recent_login). Neither ends the session: whoever proves who they are
goes on where they were.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse
from django.utils.http import urlencode

from home.log_in import recent_login, second_factor
from home.models import User

#: In the session, seconds since 1970: when it began, and when its person last asked for something.
BEGAN, SEEN = "session_began", "session_seen"
#: A request is written down this often at most: each time is a write to the session.
NOTED_EVERY = 15 * 60

#: Where one proves who one is.
ASKING = second_factor.PROVING | {"account_reauthenticate"}
#: What an open window asks for by itself: nobody may be there.
UNATTENDED = {"wagtailadmin_editing_sessions"}


def connect() -> None:
    user_logged_in.connect(_began, dispatch_uid="home.log_in.lifetimes.began")


def _began(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    request.session[BEGAN] = request.session[SEEN] = int(time.time())


def led_away(request: HttpRequest, user: User, match: ResolverMatch) -> HttpResponseBase | None:
    """Where someone proves who they are before this page of the admin opens; None: nowhere. Notes that they came."""
    if match.url_name in ASKING:
        return None
    now = time.time()
    proved = max((one.get("at", 0) for one in get_authentication_records(request, user)), default=0)
    seen = request.session.get(SEEN, now)
    began = request.session.get(BEGAN, now)
    if _is_over(now - max(seen, proved), settings.SESSION_ASKS_AFTER_IDLE) or _is_over(
        now - (proved or began), settings.SESSION_ASKS_AFTER
    ):
        return _asked(request)
    if now - seen > NOTED_EVERY and UNATTENDED.isdisjoint(match.namespaces):
        request.session[SEEN] = int(now)
    return None


def _is_over(seconds: float, most: timedelta | None) -> bool:
    return most is not None and seconds > most.total_seconds()


def _asked(request: HttpRequest) -> HttpResponseBase:
    try:
        return recent_login.ask(request)
    except PermissionDenied:  # nothing to prove it by: from the beginning
        logout(request)
        return redirect(f"{reverse('account_login')}?{urlencode({'next': request.path})}")
