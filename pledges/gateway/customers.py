"""Customers of a connected account: one per backer."""

from pledges.gateway.client import acting_on, client, on
from pledges.gateway.errors import Refused, translated


def make_customer(account: str, key: str, *, email: str, name: str, language: str, metadata: dict[str, str]) -> str:
    """The id of a new customer. Raises Refused or Unavailable."""
    with translated():
        customer = client(account).v1.customers.create(
            {"email": email, "name": name, "preferred_locales": [f"{language}-CA"], "metadata": metadata},
            acting_on(account, key),
        )
    return customer.id


def is_customer(account: str, customer: str) -> bool:
    """Whether a customer stands: one that was deleted never comes back. Raises Unavailable."""
    try:
        with translated():
            found = client(account).v1.customers.retrieve(customer, options=on(account))
    except Refused as refused:
        if refused.is_gone:
            return False
        raise
    return not getattr(found, "deleted", False)


def forget_customer(account: str, customer: str) -> None:
    """Delete a customer and the cards kept for it; one that is gone already is forgotten too.

    What was charged stays in the account's own records. Raises Refused or Unavailable.
    """
    try:
        with translated():
            client(account).v1.customers.delete(customer, options=acting_on(account))
    except Refused:
        if is_customer(account, customer):
            raise
