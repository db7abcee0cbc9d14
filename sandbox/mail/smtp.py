"""The SMTP end: whatever is sent here is kept, and nothing ever leaves."""

from __future__ import annotations

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.mail.faults import ANSWERS, Faults
from sandbox.mail.store import Store

LARGEST = 32 * 1024 * 1024


class Inbox:
    """Answers aiosmtpd's questions about each message."""

    def __init__(self, store: Store, faults: Faults) -> None:
        self._store = store
        self._faults = faults

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept a recipient, unless a fault refuses it."""
        fault = self._faults.refusing(address)
        if fault is not None and fault.refuse is not None:
            await asyncio.sleep(fault.hang)
            return ANSWERS[fault.refuse]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message, then answer.

        A hang comes between the two: the message has arrived and its sender,
        who gives up waiting, does not know. That is the case worth a test.
        """
        raw = envelope.original_content or b""
        recipients = [str(address) for address in envelope.rcpt_tos]
        number = self._store.add(raw, envelope.mail_from or "", recipients)
        fault = self._faults.hanging(recipients)
        if fault is not None:
            await asyncio.sleep(fault.hang)
        return f"250 2.0.0 Kept as message {number}"


async def listen(store: Store, faults: Faults, host: str, port: int) -> asyncio.Server:
    """Open the SMTP port in the running loop; the caller closes the server."""
    inbox = Inbox(store, faults)
    loop = asyncio.get_running_loop()

    def session() -> Any:
        return SMTP(inbox, hostname="inbox.localhost", enable_SMTPUTF8=True, data_size_limit=LARGEST, loop=loop)

    return await loop.create_server(session, host, port)
