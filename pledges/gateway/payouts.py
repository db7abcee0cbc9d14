"""Payouts: Stripe's transfers to the cooperative's bank, and the balance transactions that each of them holds."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

import stripe
from stripe.params import PayoutListParams

from pledges.gateway.client import client, on
from pledges.gateway.errors import translated


@dataclass(frozen=True)
class PayoutFacts:
    """A payout as it stands. `status` is Stripe's: pending, in_transit, paid, failed, canceled.

    `is_listed`: Stripe can say now which movements it holds. It never can of one made `by_hand` in its dashboard.
    """

    id: str
    status: str
    amount: int
    currency: str
    arrives_on: date
    created_at: datetime
    is_listed: bool
    by_hand: bool = False
    bank_last4: str = ""
    failure: str = ""


@dataclass(frozen=True)
class Movement:
    """One balance transaction, signed as the balance moved: `net` is `amount` less `fee`, of which `commission`.

    `source` is what it is about: a charge, refund, dispute or payout; empty where Stripe names nothing.
    """

    id: str
    kind: str
    source: str
    amount: int
    fee: int
    commission: int
    net: int
    currency: str
    happened_at: datetime


def read_payout(account: str, payout: str) -> PayoutFacts:
    """The payout as it stands now. Raises NoAccess, Refused or Unavailable."""
    with translated():
        found = client(account).v1.payouts.retrieve(payout, {"expand": ["destination"]}, on(account))
    return as_payout(found)


def as_payout(found: stripe.Payout) -> PayoutFacts:
    destination = found.destination
    return PayoutFacts(
        id=found.id,
        status=found.status,
        amount=found.amount,
        currency=found.currency.upper(),
        arrives_on=datetime.fromtimestamp(found.arrival_date, tz=UTC).date(),
        created_at=datetime.fromtimestamp(found.created, tz=UTC),
        is_listed=found.automatic and found.reconciliation_status == "completed",
        by_hand=not found.automatic,
        bank_last4=(destination.last4 or "") if isinstance(destination, stripe.BankAccount) else "",
        failure=found.failure_code or "",
    )


def list_payouts(account: str, since: datetime | None = None, status: str = "") -> Iterator[PayoutFacts]:
    """Newest first, a page in memory at a time. Raises NoAccess or Unavailable, also half way."""
    params: PayoutListParams = {"limit": 100}
    if since is not None:
        params["created"] = {"gte": int(since.timestamp())}
    if status:
        params["status"] = status
    with translated():
        for found in client(account).v1.payouts.list(params, on(account)).auto_paging_iter():
            yield as_payout(found)


def movements_of(account: str, payout: str) -> Iterator[Movement]:
    """What a payout holds, without the payout's own movement, a page in memory at a time.

    Raises NoAccess, Refused or Unavailable, also half way.
    """
    for movement in movements(account, payout):
        if movement.source != payout or movement.kind != "payout":
            yield movement


def movements(account: str, payout: str = "") -> Iterator[Movement]:
    """All that moved the balance, or what a payout holds with its own movement; newest first."""
    with translated():
        params = {"limit": 100} | ({"payout": payout} if payout else {})
        listed = client(account).v1.balance_transactions.list(params, on(account))  # type: ignore[arg-type]
        for found in listed.auto_paging_iter():
            yield as_movement(found)


def as_movement(found: stripe.BalanceTransaction) -> Movement:
    source = found.source
    return Movement(
        id=found.id,
        kind=found.type,
        source=source if isinstance(source, str) else (source.id if source else ""),
        amount=found.amount,
        fee=found.fee,
        commission=sum(detail.amount for detail in found.fee_details if detail.type == "application_fee"),
        net=found.net,
        currency=found.currency.upper(),
        happened_at=datetime.fromtimestamp(found.created, tz=UTC),
    )
