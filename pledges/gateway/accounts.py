"""Connected accounts: one per cooperative, with the full dashboard, its own fees and its own losses."""

from stripe import RequestOptions

from pledges.gateway.client import client
from pledges.gateway.errors import translated


def open_account(key: str, *, email: str, name: str, descriptor: str, metadata: dict[str, str]) -> str:
    """The id of a new Canadian account, which takes payments once its owner has answered what Stripe asks.

    `descriptor` stands on card statements. Raises Refused or Unavailable.
    """
    options: RequestOptions = {"idempotency_key": key}
    with translated():
        account = client().v1.accounts.create(
            {
                "country": "CA",
                "email": email,
                "business_profile": {"name": name},
                "controller": {
                    "fees": {"payer": "account"},
                    "losses": {"payments": "stripe"},
                    "requirement_collection": "stripe",
                    "stripe_dashboard": {"type": "full"},
                },
                "settings": {"payments": {"statement_descriptor": descriptor}},
                "metadata": metadata,
            },
            options,
        )
    return account.id
