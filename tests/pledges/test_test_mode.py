"""What is a rehearsal's is paid in Stripe's test mode, by a key of it, and by no other."""

import hmac
import time

import pytest

from home.cooperatives import twins
from home.models import Cooperative
from home.tenancy import within
from pledges import accounts, gateway, webhooks
from pledges.gateway import client as modes
from pledges.models import StripeEvent
from tests.factories.cooperatives import make_user


@pytest.fixture
def sandbox(shop):
    """The twin of our cooperative, with its account of the test mode."""
    twin = twins.found_twin(shop)
    with within(twin):
        accounts.open_for(twin, by=make_user(shop))
        accounts.refresh(twin)
    return twin


def signed(payload, secret):
    at = int(time.time())
    mac = hmac.new(secret.encode(), f"{at}.{payload}".encode(), "sha256")
    return payload.encode(), f"t={at},v1={mac.hexdigest()}"


def test_the_account_of_a_rehearsal_takes_payments_at_once_and_each_is_called_by_its_own_key(shop, sandbox, settings):
    assert sandbox.takes_payments
    settings.STRIPE_SECRET_KEY = "sk_live_of_the_platform"  # the double knows the test key alone
    assert gateway.read_account(sandbox.stripe_account).charges_enabled
    with pytest.raises(gateway.Unavailable):
        gateway.read_account(shop.stripe_account)
    with within(sandbox):
        assert gateway.read_account(sandbox.stripe_account).charges_enabled


@pytest.mark.parametrize("key", ["", "sk_live_of_the_platform", "rk_live_restricted", "whatever"])
def test_no_other_key_than_one_of_the_test_mode_serves_a_rehearsal(sandbox, settings, key):
    settings.STRIPE_TEST_SECRET_KEY = key
    assert not gateway.has_test_mode()
    with pytest.raises(gateway.NoTestMode):
        modes.client(sandbox.stripe_account)
    with pytest.raises(gateway.NoTestMode):
        gateway.read_account(sandbox.stripe_account)
    with pytest.raises(gateway.NoTestMode):
        gateway.open_test_account("key", email="a@b.example", name="A", descriptor="A", metadata={})


def test_test_cards_are_saved_at_a_rehearsal_only(shop):
    with pytest.raises(gateway.NoTestMode):
        gateway.save_test_card(shop.stripe_account, "key", "cus_1", gateway.GOOD)


def test_each_mode_signs_for_its_own_accounts(shop, sandbox, stripe_double, settings):
    payloads = {one: stripe_double.events(one.stripe_account)[-1][0].decode() for one in (shop, sandbox)}
    secrets = {shop: settings.STRIPE_WEBHOOK_SECRET, sandbox: settings.STRIPE_TEST_WEBHOOK_SECRET}
    for ours, other in ((shop, sandbox), (sandbox, shop)):
        with pytest.raises(gateway.Refused):
            webhooks.receive(*signed(payloads[ours], secrets[other]))
        assert StripeEvent.objects.filter(account=ours.stripe_account).count() == 0
        webhooks.receive(*signed(payloads[ours], secrets[ours]))
        assert StripeEvent.objects.filter(account=ours.stripe_account).count() == 1
    settings.STRIPE_TEST_WEBHOOK_SECRET = ""
    with pytest.raises(gateway.Refused):
        webhooks.receive(*signed(payloads[sandbox], ""))
    assert Cooperative.objects.filter(rehearses=None).count() == 1
