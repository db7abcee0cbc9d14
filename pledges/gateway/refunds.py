"""Refunds, with the share of our commission that goes back."""

from pledges.gateway.client import client, on
from pledges.gateway.errors import translated
from pledges.gateway.payments import own_metadata

OWN_ROW = "tremplin_refund"


def refund(account: str, key: str, *, intent: str, amount: int, commission: int, metadata: dict[str, str]) -> str:
    """Give money back, our commission pro rata. The refund's id. Raises Refused or Unavailable.

    Stripe: a payment without an application fee refuses `refund_application_fee`.
    """
    with translated():
        made = client().v1.refunds.create(
            {
                "payment_intent": intent,
                "amount": amount,
                "refund_application_fee": commission > 0,
                "metadata": metadata,
            },
            on(account, key),
        )
    return made.id


def find_refund(account: str, intent: str, row: str) -> str | None:
    """The refund made for one of our rows, once its idempotency key may have been forgotten."""
    with translated():
        listed = client().v1.refunds.list({"payment_intent": intent, "limit": 100}, on(account))
        found = next((one for one in listed.auto_paging_iter() if own_metadata(one).get(OWN_ROW) == row), None)
    return found.id if found else None
