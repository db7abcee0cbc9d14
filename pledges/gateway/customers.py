"""Customers of a connected account: one per backer."""

from pledges.gateway.client import client, on
from pledges.gateway.errors import translated


def make_customer(account: str, key: str, *, email: str, name: str, language: str, metadata: dict[str, str]) -> str:
    """The id of a new customer. Raises Refused or Unavailable."""
    with translated():
        customer = client().v1.customers.create(
            {"email": email, "name": name, "preferred_locales": [f"{language}-CA"], "metadata": metadata},
            on(account, key),
        )
    return customer.id
