"""The inbox as pages for people and as JSON for tests."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from sandbox.mail.faults import Fault, Faults
from sandbox.mail.smtp import listen
from sandbox.mail.store import Search, Store

HERE = Path(__file__).parent
A_PAGE = 100

# The page itself: its own style sheet, its own frames, nothing else.
PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# The HTML of a message: its own inline styles and images, no request to anywhere.
MESSAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

templates = Jinja2Templates(directory=HERE / "templates")


@dataclass(frozen=True)
class Settings:
    host: str
    smtp_port: int
    data: Path


def application(settings: Settings) -> Starlette:
    """The whole inbox: while it runs, its SMTP port is open too."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        app.state.store = store = Store(settings.data / "mail.sqlite3")
        app.state.faults = faults = Faults()
        server = await listen(store, faults, settings.host, settings.smtp_port)
        try:
            yield
        finally:
            server.close()
            store.close()

    # A page of another origin could otherwise read the inbox by DNS rebinding.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "*.localhost", "127.0.0.1", "[::1]"])
    return Starlette(routes=ROUTES, lifespan=lifespan, middleware=[hosts])


# ---------------------------------------------------------------- pages


async def inbox(request: Request) -> Response:
    """The newest messages, a hundred at a time."""
    search = _search(request)
    messages = _store(request).find(search, limit=A_PAGE + 1, newest_first=True)
    older = messages[A_PAGE - 1]["id"] if len(messages) > A_PAGE else None
    return _page(
        request,
        "inbox.html",
        {"messages": messages[:A_PAGE], "search": search, "older": older, "total": _store(request).count()},
    )


async def message(request: Request) -> Response:
    """One message: who, what, its HTML in a frame, its text, its headers."""
    return _page(request, "message.html", {"message": _wanted(request)})


async def message_html(request: Request) -> Response:
    """The HTML part alone, under a policy that lets it load nothing."""
    html = _wanted(request)["html"]
    if not html:
        raise HTTPException(404, "This message has no HTML part.")
    headers = {"Content-Security-Policy": MESSAGE_POLICY, **COMMON_HEADERS}
    return Response(opening_links_outside(html), media_type="text/html", headers=headers)


async def message_raw(request: Request) -> Response:
    """The message exactly as it came, for any mail program."""
    number = request.path_params["number"]
    raw = _store(request).raw(number)
    if raw is None:
        raise HTTPException(404, "There is no such message.")
    disposition = f'attachment; filename="message-{number}.eml"'
    headers = {"Content-Disposition": disposition, **COMMON_HEADERS}
    return Response(raw, media_type="message/rfc822", headers=headers)


async def style(request: Request) -> Response:
    return FileResponse(HERE / "style.css", media_type="text/css", headers=COMMON_HEADERS)


COMMON_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}


def opening_links_outside(html: str) -> str:
    """The message with its links opening in a tab of their own, not in the frame."""
    base = '<base target="_blank">'
    head = re.search(r"<head\b[^>]*>", html, re.IGNORECASE)
    if head is None:
        return html if re.search(r"<html\b|<!doctype", html, re.IGNORECASE) else base + html
    return html[: head.end()] + base + html[head.end() :]


def _page(request: Request, name: str, context: dict[str, Any]) -> Response:
    headers = {"Content-Security-Policy": PAGE_POLICY, **COMMON_HEADERS}
    return templates.TemplateResponse(request, name, context, headers=headers)


# ---------------------------------------------------------------- JSON


async def api_messages(request: Request) -> Response:
    """GET: the matching messages, oldest first. DELETE: forget them all."""
    if request.method == "DELETE":
        return JSONResponse({"deleted": _store(request).clear()})
    return JSONResponse(_store(request).find(_search(request)))


async def faults(request: Request) -> Response:
    """GET: the orders in force. POST: one more. DELETE: none any more."""
    orders: Faults = request.app.state.faults
    if request.method == "POST":
        try:
            orders.order(Fault.from_json(await request.json()))
        except ValueError as error:  # BadFault, or no JSON at all
            return JSONResponse({"error": str(error)}, status_code=400)
    elif request.method == "DELETE":
        orders.clear()
    return JSONResponse(orders.in_force())


async def health(request: Request) -> Response:
    return JSONResponse({"status": "ok", "messages": _store(request).count()})


def _store(request: Request) -> Store:
    store: Store = request.app.state.store
    return store


def _wanted(request: Request) -> dict[str, Any]:
    found = _store(request).get(request.path_params["number"])
    if found is None:
        raise HTTPException(404, "There is no such message.")
    return found


def _search(request: Request) -> Search:
    asked = request.query_params
    return Search(
        to=asked.get("to", ""),
        subject=asked.get("subject", ""),
        since_id=_number(asked.get("since_id")) or 0,
        before_id=_number(asked.get("before_id")),
    )


def _number(text: str | None) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit():
        raise HTTPException(400, "The number of a message is written in digits.")
    return int(text)


ROUTES = [
    Route("/", inbox),
    Route("/style.css", style),
    Route("/messages/{number:int}", message),
    Route("/messages/{number:int}/html", message_html),
    Route("/messages/{number:int}.eml", message_raw),
    Route("/api/messages", api_messages, methods=["GET", "DELETE"]),
    Route("/_sandbox/faults", faults, methods=["GET", "POST", "DELETE"]),
    Route("/_sandbox/health", health),
]
