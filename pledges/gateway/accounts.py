"""Connected accounts: one per cooperative, with the full dashboard, its own fees and its own losses."""

from dataclasses import dataclass
from datetime import UTC, datetime

import stripe

from pledges.gateway.client import acting_on, client, test_client
from pledges.gateway.errors import translated

#: Where our own row is named in the metadata of an account: how it is found once its key is forgotten.
OWN_ROW = "tremplin_account"


@dataclass(frozen=True)
class Account:
    """An account as it stands. `requirements` are Stripe's names of what it asks for now, `due_by` until when."""

    id: str
    charges_enabled: bool
    payouts_enabled: bool
    details_submitted: bool
    requirements: tuple[str, ...]
    due_by: datetime | None
    disabled_reason: str


def open_account(key: str, *, email: str, name: str, descriptor: str, metadata: dict[str, str]) -> str:
    """The id of a new Canadian account, which takes payments once its owner has answered what Stripe asks.

    `descriptor` stands on card statements. Raises Refused or Unavailable.
    """
    options = acting_on("", key)
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
                "metadata": metadata | {OWN_ROW: key},
            },
            options,
        )
    return account.id


def find_account(key: str, since: datetime, *, rehearsal: bool = False) -> str | None:
    """The account made under this key since then, once Stripe may have forgotten the key. Raises Unavailable."""
    platform = test_client() if rehearsal else client()
    with translated():
        listed = platform.v1.accounts.list({"created": {"gte": int(since.timestamp())}, "limit": 100})
        return next((one.id for one in listed.auto_paging_iter() if _named(one) == key), None)


def _named(account: stripe.Account) -> str:
    written = account.metadata
    return str(written.to_dict().get(OWN_ROW, "")) if isinstance(written, stripe.StripeObject) else ""


def read_account(account: str) -> Account:
    """The account as it stands now. Raises NoAccess for one that we no longer reach, or Unavailable."""
    with translated():
        found = client(account).v1.accounts.retrieve(account)
    asked = found.requirements
    due_by = asked.current_deadline if asked else None
    return Account(
        id=found.id,
        charges_enabled=bool(found.charges_enabled),
        payouts_enabled=bool(found.payouts_enabled),
        details_submitted=bool(found.details_submitted),
        requirements=tuple((asked.currently_due if asked else None) or ()),
        due_by=datetime.fromtimestamp(due_by, tz=UTC) if due_by else None,
        disabled_reason=(asked.disabled_reason if asked else None) or "",
    )


def onboarding_link(account: str, *, return_url: str, refresh_url: str) -> str:
    """Where its owner answers what Stripe asks: an address for one use, for a few minutes.

    Stripe leads to `return_url` in the end, finished or not, and to `refresh_url` once the link is over.
    Raises NoAccess, Refused or Unavailable.
    """
    with translated():
        link = client(account).v1.account_links.create(
            {
                "account": account,
                "type": "account_onboarding",
                "return_url": return_url,
                "refresh_url": refresh_url,
                "collection_options": {"fields": "currently_due"},
            }
        )
    return link.url
