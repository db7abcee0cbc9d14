"""Asking our own site, as a stranger does who has no cookie and no account. Through all of it, middleware included."""

from io import BytesIO
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings
from django.core.handlers.base import BaseHandler
from django.core.handlers.wsgi import WSGIRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from home.models import Cooperative


class Visitor:
    """At the host of one cooperative. The answer is the caller's to close."""

    def __init__(self, cooperative: Cooperative) -> None:
        self.root = urlsplit(cooperative.root_url)
        self.handler = BaseHandler()
        self.handler.load_middleware()

    def ask(self, address: str) -> HttpResponseBase:
        """`address`: path and query, as they stand in a link."""
        language = translation.get_language()
        try:
            return self.handler.get_response(self.request(address))
        finally:
            translation.activate(language or settings.LANGUAGE_CODE)

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
