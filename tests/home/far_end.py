"""A mail provider at the far end of a socket: it takes, refuses, or falls silent as told."""

import email
import email.policy
import socket
from contextlib import contextmanager

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Provider:
    """`answers`: what to say to the next mails, in order; afterwards, and where empty, it takes them."""

    def __init__(self):
        self.taken, self.answers, self.refused_addresses = [], [], {}
        self.connections = 0

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        if code := self.refused_addresses.get(address):
            return f"{code} not here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = self.answers.pop(0) if self.answers else ""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        if answer == "take and vanish":
            self.taken.append(message)
            server.transport.abort()
        if answer == "vanish":
            server.transport.abort()
        if answer:
            return answer
        self.taken.append(message)
        return "250 OK"

    @property
    def addresses(self):
        return [message["To"] for message in self.taken]


class _Loopback(Controller):
    def factory(self):
        return SMTP(self.handler, enable_SMTPUTF8=True, hostname="far-end")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def provider_running(port):
    provider = Provider()
    controller = _Loopback(provider, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield provider
    finally:
        controller.stop()
