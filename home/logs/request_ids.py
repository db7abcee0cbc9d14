"""The name of a request: in each line that is logged while it is answered, and on the page of a fault.

Whoever writes to us about a fault names it, and what happened is found at once.
"""

import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

HEADER = "X-Request-ID"

#: What a proxy may call a request: nothing that could be read as part of a line.
_SOUND = re.compile(r"[A-Za-z0-9-]{8,64}\Z")

_running: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The name of the request being answered; empty outside of one."""
    return _running.get()


class RequestIdMiddleware:
    """Names each request, and says the name in the answer.

    The proxy's own name is taken where the settings say that it sets one (REQUEST_ID_FROM_PROXY); else a visitor could
    choose it, and have lines of others found under it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get(HEADER, "") if settings.REQUEST_ID_FROM_PROXY else ""
        name = given if _SOUND.match(given) else uuid.uuid4().hex
        token = _running.set(name)
        try:
            response = self.get_response(request)
        finally:
            _running.reset(token)
        response.headers[HEADER] = name
        return response
