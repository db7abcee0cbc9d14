"""Closing a connection without an answer: what a caller sees when the network fails after the work."""

import asyncio

from starlette.types import Send


class HangUp(Exception):
    """Raised by a handler whose answer must get lost."""


async def cut(send: Send) -> None:
    """Abort the connection under `send`, which must be the server's own (a bound method of its cycle)."""
    cycle = getattr(send, "__self__", None)
    if cycle is None:
        raise HangUp
    cycle.transport.abort()
    await asyncio.sleep(0.01)
