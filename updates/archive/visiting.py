"""Asking our own site, as a stranger does who has no cookie and no account. Through all of it, middleware included."""

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.core.signals import request_finished
from django.db import close_old_connections
from django.http.response import HttpResponseBase
from django.utils import translation

from home.models import Cooperative


class Visitor:
    """At the host of one cooperative."""

    def __init__(self, cooperative: Cooperative) -> None:
        self.root = urlsplit(cooperative.root_url)
        self.handler = BaseHandler()
        self.handler.load_middleware()

    @contextmanager
    def ask(self, address: str) -> Iterator[HttpResponseBase]:
        """The answer, closed afterwards. `address`: path and query, as they stand in a link."""
        language = translation.get_language()
        try:
            response = self.handler.get_response(self.request(address))
        finally:
            translation.activate(language or settings.LANGUAGE_CODE)
        try:
            yield response
        finally:
            _close(response)

    def request(self, address: str) -> WSGIRequest:
        parts = urlsplit(address)
        secure = self.root.scheme == "https" or settings.SECURE_SSL_REDIRECT
        host = self.root.hostname or ""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": unquote(parts.path, "latin-1") if parts.path.isascii() else quote(parts.path),
            "QUERY_STRING": parts.query,
            "SERVER_NAME": host,
            "SERVER_PORT": str(self.root.port or (443 if secure else 80)),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": self.root.netloc,
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "https" if secure else "http",
            "wsgi.input": BytesIO(),
            "wsgi.errors": BytesIO(),
            "wsgi.version": (1, 0),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": True,
        }
        return WSGIRequest(environ)


def _close(response: HttpResponseBase) -> None:
    """Not as the end of a request: Django would close the connection of whoever asks, in their transaction even."""
    request_finished.disconnect(close_old_connections)
    try:
        response.close()
    finally:
        request_finished.connect(close_old_connections)
