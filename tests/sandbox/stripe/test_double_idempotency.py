"""Idempotency keys: the four rules, per account, and 24 hours."""

import threading
import time

import pytest
import requests
import stripe

from tests.sandbox.stripe.conftest import KEY


@pytest.fixture
def payer(shop):
    customer = shop.customer()
    return shop, customer, shop.saved(customer)


def test_same_key_same_answer_one_charge(payer):
    shop, customer, method = payer
    first = shop.pay(customer, method, key="pay-1")
    again = shop.pay(customer, method, key="pay-1")
    assert (again.id, again.last_response.headers["idempotent-replayed"]) == (first.id, "true")
    assert again.last_response.headers["original-request"] == first.last_response.headers["request-id"]
    assert "idempotent-replayed" not in first.last_response.headers
    assert shop.sum("charge") == 4500


def test_order_of_parameters_does_not_matter(shop):
    headers = {"Authorization": f"Bearer {KEY}", "Stripe-Account": shop.account, "Idempotency-Key": "order"}
    bodies = ("name=Ada&email=a%40b.ca", "email=a%40b.ca&name=Ada")
    ids = {
        requests.post(f"{shop.double.url}/v1/customers", data=b, headers=headers, timeout=10).json()["id"]
        for b in bodies
    }
    assert len(ids) == 1


def test_other_parameters_are_an_error(payer):
    shop, customer, method = payer
    shop.pay(customer, method, key="pay-1")
    with pytest.raises(stripe.IdempotencyError) as caught:
        shop.pay(customer, method, 4600, key="pay-1")
    assert caught.value.http_status == 400
    assert shop.sum("charge") == 4500


def test_other_endpoint_is_an_error(payer):
    shop, customer, method = payer
    shop.pay(customer, method, key="pay-1")
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        shop.api.v1.customers.create({"name": "Ada"}, shop.keyed("pay-1"))


def test_key_in_use_answers_409(payer):
    shop, customer, method = payer
    shop.double.faults({"match": "POST /v1/payment_intents", "kind": "hang", "seconds": 1.5})
    found = []
    slow = threading.Thread(target=lambda: found.append(shop.pay(customer, method, key="pay-1")))
    slow.start()
    time.sleep(0.5)
    with pytest.raises(stripe.APIError) as caught:
        shop.pay(customer, method, key="pay-1")
    error = caught.value.error
    assert (caught.value.http_status, error.type, error.code) == (409, "idempotency_error", "idempotency_key_in_use")
    slow.join()
    assert shop.pay(customer, method, key="pay-1").id == found[0].id
    assert shop.sum("charge") == 4500


def test_key_is_forgotten_after_24_hours(payer):
    shop, customer, method = payer
    first = shop.pay(customer, method, key="pay-1")
    shop.double.advance(24 * 3600 - 60)
    assert shop.pay(customer, method, key="pay-1").id == first.id
    shop.double.advance(120)
    assert shop.pay(customer, method, key="pay-1").id != first.id
    assert shop.sum("charge") == 9000


def test_keys_belong_to_their_account(payer, new_shop):
    shop, customer, method = payer
    other = new_shop()
    shop.pay(customer, method, key="pay-1")
    theirs = other.customer()
    assert other.pay(theirs, other.saved(theirs), 900, key="pay-1").amount == 900


def test_card_errors_are_saved(payer):
    shop, customer, _ = payer
    method = shop.saved(customer, "pm_card_chargeCustomerFail")
    intents = set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as caught:
            shop.pay(customer, method, key="pay-1")
        intents.add(caught.value.error.payment_intent.id)
    assert len(intents) == 1
    assert shop.events().count("charge.failed") == 1


def test_validation_errors_are_not_saved(payer):
    shop, customer, method = payer
    with pytest.raises(stripe.InvalidRequestError):
        shop.pay(customer, method, 10, key="pay-1")
    assert shop.pay(customer, method, key="pay-1").status == "succeeded"


@pytest.mark.parametrize(("kind", "charged"), [("500", 0), ("500_after_commit", 4500)])
def test_500s_are_saved(payer, kind, charged):
    shop, customer, method = payer
    shop.double.faults({"match": "POST /v1/payment_intents", "kind": kind})
    for _ in range(2):
        with pytest.raises(stripe.APIError) as caught:
            shop.pay(customer, method, key="pay-1")
        assert caught.value.http_status == 500
    assert caught.value.headers["idempotent-replayed"] == "true"
    assert shop.sum("charge") == charged


def test_rate_limit_is_not_saved(payer):
    shop, customer, method = payer
    shop.double.faults({"match": "POST /v1/payment_intents", "kind": "429"})
    with pytest.raises(stripe.RateLimitError):
        shop.pay(customer, method, key="pay-1")
    assert shop.pay(customer, method, key="pay-1").status == "succeeded"


def test_lost_answer_is_replayed(payer):
    shop, customer, method = payer
    shop.double.faults({"match": "POST /v1/payment_intents", "kind": "timeout_after_commit"})
    with pytest.raises(stripe.APIConnectionError):
        shop.pay(customer, method, key="pay-1")
    assert shop.sum("charge") == 4500
    found = shop.api.v1.payment_intents.list({"customer": customer}, shop.on).data[0]
    assert shop.pay(customer, method, key="pay-1").id == found.id
    assert shop.sum("charge") == 4500


def test_package_retries_over_a_lost_answer(payer):
    shop, customer, method = payer
    shop.double.faults({"match": "POST /v1/payment_intents", "kind": "timeout_after_commit"})
    patient = stripe.StripeClient(KEY, base_addresses={"api": shop.double.url}, max_network_retries=2)
    paid = patient.v1.payment_intents.create(
        {
            "amount": 4500, "currency": "cad", "customer": customer, "payment_method": method,
            "off_session": True, "confirm": True,
        },
        shop.on,
    )  # fmt: skip
    assert paid.status == "succeeded"
    assert shop.sum("charge") == 4500
