"""Tremplin as it is served, but for Stripe, which answers at once within the process: what is measured is ours.

Served as `bench.pledging_site:application`. The name of a page holds what it asks for, so that reading it back needs
nothing that another process of the server would not know; its address leads straight back.
"""

from __future__ import annotations

import uuid

from config.wsgi import application
from pledges import gateway
from pledges.gateway import Intent, Session
from pledges.gateway.types import SessionRequest

__all__ = ["application"]


def make_customer(*_account_and_key: str, **_about: object) -> str:
    return f"cus_{uuid.uuid4().hex}"


def open_session(account: str, request: SessionRequest) -> Session:
    amount = sum(line.unit_amount * line.quantity for line in request.lines)
    name = f"cs_{amount}_{request.commission}_{uuid.uuid4().hex}"
    return Session(name, request.success_url, "open")


def read_session(account: str, session: str) -> Session:
    _cs, amount, commission, name = session.split("_")
    intent = Intent(f"pi_{name}", "succeeded", int(amount), "CAD", charge=f"ch_{name}", commission=int(commission))
    return Session(session, "", "complete", intent=intent)


gateway.make_customer = make_customer
gateway.open_session = open_session
gateway.read_session = read_session
