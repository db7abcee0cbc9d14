"""What no browser sends: read as far as it can be, and refused where it cannot, before any view sees it."""

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.defaults import page_not_found

GetResponse = Callable[[HttpRequest], HttpResponseBase]

#: What a request says of its own encoding.
_CHARSET = re.compile(r";\s*charset\s*=\s*(?:\"[^\"]*\"?|[^;]*)", re.IGNORECASE)


def of_wsgi(environ: dict[str, Any]) -> dict[str, Any]:
    """Forms and addresses are UTF-8, whatever a request says of its body.

    Django would read both as the encoding that is named there, while it makes the request and before anything could
    answer; and some encodings are none of texts. Bytes that are no UTF-8 are read as the sign for that instead.
    """
    if "charset" in (kind := environ.get("CONTENT_TYPE", "")).lower():
        environ["CONTENT_TYPE"] = _CHARSET.sub("", kind)
    return environ


def of_asgi(scope: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The same of an ASGI scope."""
    if scope["type"] != "http":
        return scope
    headers = [
        (name, _CHARSET.sub("", value.decode("latin-1")).encode("latin-1") if name == b"content-type" else value)
        for name, value in scope["headers"]
    ]
    return {**scope, "headers": headers}


def wsgi(application: Callable[..., Any]) -> Callable[..., Any]:
    """The application, given requests that can be read."""
    return lambda environ, start_response: application(of_wsgi(environ), start_response)


def asgi(application: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """The same of an ASGI application."""

    async def readable(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await application(of_asgi(scope), receive, send)

    return readable


#: The largest number of a row that a database gives.
_LAST_ROW = 2**63 - 1


class AddressMiddleware:
    """An address that can name nothing leads nowhere, before it is looked up.

    None of ours holds a NUL, which PostgreSQL takes in no text, nor a number past the last row, which SQLite cannot ask
    about.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "\0" in request.path_info:
            return page_not_found(request, Http404("A NUL in the address."))
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, named: dict[str, Any]
    ) -> HttpResponseBase | None:
        if any(isinstance(value, int) and value > _LAST_ROW for value in named.values()):
            return page_not_found(request, Http404("A number past the last row."))
        return None
