"""A provider that falls silent holds up one call of each process at a time."""

import threading
import time

import pytest

from pledges import gateway
from pledges.gateway import client as clients


@pytest.fixture
def hurried(stripe_double, settings, shop):
    settings.STRIPE_TIMEOUT = 1.0
    clients._client.cache_clear()
    yield shop
    clients._client.cache_clear()


def asks(shop):
    """How long until there was no answer; None if there was one."""
    began = time.monotonic()
    try:
        gateway.is_customer(shop.stripe_account, "cus_none")
    except gateway.Unavailable:
        return time.monotonic() - began
    return None


def at_once(count, act):
    found = []
    threads = [threading.Thread(target=lambda: found.append(act())) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return sorted(found)


@pytest.mark.django_db
def test_one_finds_out_and_the_others_are_told_at_once(hurried, stripe_double):
    shop = hurried
    for _call in range(2):
        stripe_double.hold("GET /v1/customers", seconds=3)
    assert asks(shop) >= 1
    waited = at_once(4, lambda: clients_ask(shop))
    assert waited[-1] >= 1, "one waits for its time-out"
    assert waited[-2] < 0.8, "the others are told at once"
    assert asks(shop) is None
    assert asks(shop) is None


def clients_ask(shop):
    """As `asks`, without the database, which threads of a test do not see."""
    began = time.monotonic()
    try:
        with gateway.errors.translated():
            clients._client(*_where()).v1.customers.retrieve(
                "cus_none", options={"stripe_account": shop.stripe_account}
            )
    except gateway.GatewayError:
        pass
    return time.monotonic() - began


def _where():
    from django.conf import settings

    return settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE


@pytest.mark.django_db
def test_an_error_is_an_answer(hurried, stripe_double):
    stripe_double.fault("GET /v1/customers", "500", times=2)
    with pytest.raises(gateway.Crashed):
        gateway.is_customer(hurried.stripe_account, "cus_none")
    with pytest.raises(gateway.Crashed):
        gateway.is_customer(hurried.stripe_account, "cus_none")
    assert not gateway.is_customer(hurried.stripe_account, "cus_none")
