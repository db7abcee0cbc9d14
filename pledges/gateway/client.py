"""The client: the real package, at Stripe or at the double that the settings name.

Rehearsals (cooperatives with `rehearses`) have accounts of Stripe's test mode, which another key opens at another base.
Which key a call takes follows from the account it is about, here and nowhere else.
"""

from functools import lru_cache

import stripe
from django.conf import settings
from stripe import RequestOptions
from stripe._base_address import BaseAddresses

from home.backups import standing
from home.models import Cooperative
from home.tenancy import current_cooperative
from pledges.gateway.errors import Held, NoTestMode
from pledges.gateway.patience import PatientClient

#: A server that is there takes a connection at once.
CONNECT_SECONDS = 5

#: What Stripe writes into every secret key of its test mode, restricted ones too; a live key has `_live_` there.
TEST_MARK = "_test_"


@lru_cache(maxsize=4)
def _client(key: str, base: str) -> stripe.StripeClient:
    addresses: BaseAddresses = {"api": base} if base else {}
    return stripe.StripeClient(
        key,
        base_addresses=addresses,
        http_client=PatientClient(timeout=(CONNECT_SECONDS, settings.STRIPE_TIMEOUT)),
        max_network_retries=0,
    )


def client(account: str = "") -> stripe.StripeClient:
    """The client for what is on this account, or for the platform itself. Raises NoTestMode for a rehearsal's.

    Its own retries are off: ours are rows that outlive the process.
    """
    if account and is_of_rehearsal(account):
        return test_client()
    return _client(settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE)


def test_client() -> stripe.StripeClient:
    """The platform in test mode. Raises NoTestMode where no key is set, or one that could move real money."""
    if not has_test_mode():
        raise NoTestMode("STRIPE_TEST_SECRET_KEY is not set, or is no key of Stripe's test mode.")
    return _client(settings.STRIPE_TEST_SECRET_KEY, settings.STRIPE_TEST_API_BASE)


def has_test_mode() -> bool:
    return is_test_key(settings.STRIPE_TEST_SECRET_KEY)


def is_test_key(key: str) -> bool:
    return TEST_MARK in key


def is_of_rehearsal(account: str) -> bool:
    """Whether an account is the one of a cooperative that rehearses another."""
    running = current_cooperative()
    if running is not None and running.stripe_account == account:
        return running.is_rehearsal
    return Cooperative.objects.filter(stripe_account=account).exclude(rehearses=None).exists()


def on(account: str) -> RequestOptions:
    """The options of a call that reads on a connected account; of one that writes, `acting_on` makes them."""
    return {"stripe_account": account}


def acting_on(account: str, key: str | None = None) -> RequestOptions:
    """The options of a call that changes something on an account, with its idempotency key. Raises Held.

    Every such call comes through here: after a backup was put back none is made before an operator has compared.
    """
    if standing.is_held(account):
        raise Held("A backup was put back: nothing is asked of Stripe before `manage.py release`.")
    options: RequestOptions = {"stripe_account": account} if account else {}
    if key:
        options["idempotency_key"] = key
    return options
