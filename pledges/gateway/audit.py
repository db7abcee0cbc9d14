"""Everything of an account as Stripe has it, to be held against our rows. Reads only; a page in memory at a time.

Every function raises NoAccess or Unavailable, also half way.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import cast

import stripe
from stripe.params import PaymentIntentListParams, RefundListParams
from stripe.params.checkout import SessionListParams

from pledges.gateway.client import client, on
from pledges.gateway.errors import Refused, translated
from pledges.gateway.payments import as_intent, own_metadata
from pledges.gateway.types import Intent

MOST = 100


@dataclass(frozen=True)
class RefundSeen:
    """`status`: pending, requires_action, succeeded, failed or canceled."""

    id: str
    intent: str
    amount: int
    status: str


@dataclass(frozen=True)
class DisputeSeen:
    """`status` is Stripe's: `warning_…` for an inquiry."""

    id: str
    charge: str
    amount: int
    status: str


@dataclass(frozen=True)
class FeeSeen:
    """Our commission on a charge of `account`, and what of it went back."""

    id: str
    account: str
    charge: str
    amount: int
    returned: int


@dataclass(frozen=True)
class SessionSeen:
    """`key` is our own row's; `status`: open, complete or expired."""

    id: str
    key: str
    customer: str
    status: str


@dataclass(frozen=True)
class CustomerSeen:
    id: str
    backer: str


def intents(account: str, since: datetime | None = None) -> Iterator[Intent]:
    """Payments with what Stripe kept, newest first; those begun since a moment."""
    params = _since(since) | {"expand": ["data.latest_charge.balance_transaction"]}
    with translated():
        listed = client(account).v1.payment_intents.list(cast(PaymentIntentListParams, params), on(account))
        for found in listed.auto_paging_iter():
            yield as_intent(found)


def _since(since: datetime | None) -> dict[str, object]:
    return {"limit": MOST} | ({"created": {"gte": int(since.timestamp())}} if since else {})


def refunds(account: str, since: datetime | None = None) -> Iterator[RefundSeen]:
    with translated():
        listed = client(account).v1.refunds.list(cast(RefundListParams, _since(since)), on(account))
        for one in listed.auto_paging_iter():
            yield RefundSeen(one.id, _id(one.payment_intent), one.amount, one.status or "")


def disputes(account: str) -> Iterator[DisputeSeen]:
    with translated():
        for one in client(account).v1.disputes.list({"limit": MOST}, on(account)).auto_paging_iter():
            yield DisputeSeen(one.id, _id(one.charge), one.amount, one.status)


def fees() -> Iterator[FeeSeen]:
    """Of every account of the platform."""
    with translated():
        for one in client().v1.application_fees.list({"limit": MOST}).auto_paging_iter():
            yield FeeSeen(one.id, _id(one.account), _id(one.charge), one.amount, one.amount_refunded)


def sessions(account: str, since: datetime | None = None) -> Iterator[SessionSeen]:
    """Hosted pages, newest first; those opened since a moment."""
    with translated():
        listed = client(account).v1.checkout.sessions.list(cast(SessionListParams, _since(since)), on(account))
        for one in listed.auto_paging_iter():
            yield SessionSeen(one.id, one.client_reference_id or "", _id(one.customer), one.status or "")


def customers(account: str) -> Iterator[CustomerSeen]:
    """Customers that were not removed."""
    with translated():
        for one in client(account).v1.customers.list({"limit": MOST}, on(account)).auto_paging_iter():
            yield CustomerSeen(one.id, own_metadata(one).get("tremplin_backer", ""))


def cards_of(account: str, customer: str) -> set[str] | None:
    """Cards that a customer could be charged with; None for a customer that is no more."""
    try:
        with translated():
            listed = client(account).v1.customers.payment_methods.list(
                customer, {"limit": MOST, "type": "card"}, on(account)
            )
            return {one.id for one in listed.auto_paging_iter()}
    except Refused:
        return None


def has_payment(account: str, intent: str) -> bool:
    return bool(intent) and _found(lambda: client(account).v1.payment_intents.retrieve(intent, options=on(account)))


def has_refund(account: str, refund: str) -> bool:
    return _found(lambda: client(account).v1.refunds.retrieve(refund, options=on(account)))


def has_dispute(account: str, dispute: str) -> bool:
    return _found(lambda: client(account).v1.disputes.retrieve(dispute, options=on(account)))


def has_payout(account: str, payout: str) -> bool:
    return _found(lambda: client(account).v1.payouts.retrieve(payout, options=on(account)))


def _found(read: Callable[[], object]) -> bool:
    try:
        with translated():
            read()
    except Refused:
        return False
    return True


def _id(found: str | stripe.StripeObject | None) -> str:
    """An id, expanded or not."""
    if found is None or isinstance(found, str):
        return found or ""
    return str(found["id"])
