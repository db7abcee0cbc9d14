"""Refunds, with the share of our commission that goes back."""

import stripe

from pledges.gateway.client import acting_on, client, on
from pledges.gateway.errors import translated
from pledges.gateway.payments import own_metadata
from pledges.gateway.types import MadeRefund

OWN_ROW = "tremplin_refund"

EXPAND = ["balance_transaction"]


def refund(
    account: str, key: str, *, intent: str, amount: int, with_commission: bool, metadata: dict[str, str]
) -> MadeRefund:
    """Give money back, our commission pro rata. Raises Refused or Unavailable.

    Stripe: a payment without an application fee refuses `refund_application_fee`.
    """
    with translated():
        made = client(account).v1.refunds.create(
            {
                "payment_intent": intent,
                "amount": amount,
                "refund_application_fee": with_commission,
                "metadata": metadata,
                "expand": EXPAND,
            },
            acting_on(account, key),
        )
    return as_refund(made)


def read_refund(account: str, refund_id: str) -> MadeRefund:
    """The refund as it stands now. Raises Refused or Unavailable."""
    with translated():
        return as_refund(client(account).v1.refunds.retrieve(refund_id, {"expand": EXPAND}, on(account)))


def refunds_of(account: str, intent: str) -> list[MadeRefund]:
    """Every refund of a payment, oldest first, whoever made it. Raises Refused or Unavailable."""
    with translated():
        listed = client(account).v1.refunds.list(
            {"payment_intent": intent, "limit": 100, "expand": [f"data.{path}" for path in EXPAND]}, on(account)
        )
        return [as_refund(one) for one in listed.auto_paging_iter()][::-1]


def find_refund(account: str, intent: str, row: str) -> MadeRefund | None:
    """The refund made for one of our rows, once its idempotency key may have been forgotten."""
    return next((one for one in refunds_of(account, intent) if one.row == row), None)


def as_refund(made: stripe.Refund) -> MadeRefund:
    """Our view of a refund whose balance transaction was expanded: it says what of our commission came back."""
    moved = made.balance_transaction if isinstance(made.balance_transaction, stripe.BalanceTransaction) else None
    details = moved.fee_details if moved else []
    return MadeRefund(
        id=made.id,
        intent=str(made.payment_intent or ""),
        status=made.status or "",
        amount=made.amount,
        currency=made.currency.upper(),
        commission=-sum(detail.amount for detail in details if detail.type == "application_fee"),
        moved=moved is not None,
        row=own_metadata(made).get(OWN_ROW, ""),
        failure=getattr(made, "failure_reason", None) or "",
    )
