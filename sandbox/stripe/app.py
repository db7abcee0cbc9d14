"""The server: the API under /v1, Stripe's hosted pages, and the sandbox's own handles."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from . import PLATFORM_ACCOUNT, control, due, pages
from .api import Api
from .hangup import HangUp, cut
from .resources import notices
from .store import Store
from .webhooks import Sender
from .world import Settings, World

TICK = 0.5
"""Seconds between two looks at what the clock has brought on while nobody asked."""


def build(data: Path, settings: Settings, webhook: tuple[str, str] | None = None) -> ASGIApp:
    """The whole sandbox on one data folder. `webhook` is (address, secret)."""
    world = World(Store(data / "stripe.sqlite3"), settings)
    if webhook is not None:
        _listen(world, *webhook)
        world.store.on_reset.append(lambda: _listen(world, *webhook))
    routes = [*control.routes(world), *pages.routes(world)]
    return Sandbox(Api(world), Starlette(routes=routes, lifespan=_lifespan(world)))


def _listen(world: World, url: str, secret: str) -> None:
    with world.store.transaction():
        notices.register_once(world.call(PLATFORM_ACCOUNT), url, secret)


def _lifespan(world: World) -> Callable[[Starlette], contextlib.AbstractAsyncContextManager[None]]:
    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        sender = Sender(world)
        tasks = [asyncio.create_task(sender.run()), asyncio.create_task(_tick(world))]
        yield
        for task in tasks:
            task.cancel()
        sender.close()

    return lifespan


async def _tick(world: World) -> None:
    while True:
        due.run(world)
        await asyncio.sleep(TICK)


class Sandbox:
    """The API is called directly: it is what must be fast, and what may hang up without an answer."""

    def __init__(self, api: Api, rest: Starlette) -> None:
        self._api = api
        self._rest = rest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v"):
            await self._rest(scope, receive, send)
            return
        try:
            response = await self._api(Request(scope, receive))
        except HangUp:
            await cut(send)
            return
        await response(scope, receive, send)
