"""The client: the real package, at Stripe or at the double that the settings name."""

from functools import lru_cache

import stripe
from django.conf import settings
from stripe import RequestOptions
from stripe._base_address import BaseAddresses

TIMEOUT_SECONDS = 30


@lru_cache(maxsize=4)
def _client(key: str, base: str) -> stripe.StripeClient:
    addresses: BaseAddresses = {"api": base} if base else {}
    return stripe.StripeClient(
        key,
        base_addresses=addresses,
        http_client=stripe.RequestsClient(timeout=TIMEOUT_SECONDS),
        max_network_retries=0,
    )


def client() -> stripe.StripeClient:
    """The client for the settings in force. Its own retries are off: ours are rows that outlive the process."""
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


def on(account: str, key: str | None = None) -> RequestOptions:
    """The options of a call on a connected account, with its idempotency key where it writes."""
    options: RequestOptions = {"stripe_account": account}
    if key:
        options["idempotency_key"] = key
    return options
