"""What must be refused: other keys, other accounts, other versions, unknown endpoints and parameters."""

import pytest
import requests
import stripe

from tests.sandbox.stripe.conftest import KEY

FINE = {"amount": "500", "currency": "cad"}
CS = "checkout/sessions"
SETUP = {"mode": "setup", "currency": "cad", "success_url": "http://x"}


def ask(shop, method, path, data=None, **headers):
    headers = {"Authorization": f"Bearer {KEY}", "Stripe-Account": shop.account, **headers}
    return requests.request(method, f"{shop.double.url}{path}", data=data, headers=headers, timeout=10)


def test_wrong_or_missing_key_is_401(shop):
    stranger = stripe.StripeClient("sk_test_other", base_addresses={"api": shop.double.url})
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key"):
        stranger.v1.customers.list({}, shop.on)
    assert requests.get(f"{shop.double.url}/v1/customers", timeout=10).status_code == 401


def test_basic_auth_works_too(shop):
    found = requests.get(f"{shop.double.url}/v1/balance", auth=(KEY, ""), timeout=10)
    assert found.json()["object"] == "balance"


def test_unknown_account_is_403(shop):
    with pytest.raises(stripe.PermissionError) as caught:
        shop.api.v1.customers.list({}, {"stripe_account": "acct_0000000000000000"})
    assert (caught.value.http_status, caught.value.error.code) == (403, "account_invalid")


def test_revoked_account_is_403(shop, new_shop):
    gone = new_shop()
    gone.double.control(f"/accounts/{gone.account}", {"deauthorized": True})
    with pytest.raises(stripe.PermissionError):
        gone.customer()
    assert shop.customer()


def test_objects_of_another_account_do_not_exist(shop, new_shop):
    other = new_shop()
    customer = shop.customer()
    method = shop.saved(customer)
    paid = shop.pay(customer, method)
    session = shop.session("payment")
    event = shop.api.v1.events.list({"limit": 1}, shop.on).data[0].id
    reads = [
        lambda on: shop.api.v1.customers.retrieve(customer, {}, on),
        lambda on: shop.api.v1.payment_methods.retrieve(method, {}, on),
        lambda on: shop.api.v1.payment_intents.retrieve(paid.id, {}, on),
        lambda on: shop.api.v1.charges.retrieve(paid.latest_charge, {}, on),
        lambda on: shop.api.v1.checkout.sessions.retrieve(session.id, {}, on),
        lambda on: shop.api.v1.checkout.sessions.expire(session.id, {}, on),
        lambda on: shop.api.v1.refunds.create({"payment_intent": paid.id}, on),
        lambda on: shop.api.v1.payment_methods.detach(method, {}, on),
        lambda on: shop.api.v1.events.retrieve(event, {}, on),
    ]
    for read in reads:
        for on in (other.on, {}):
            with pytest.raises(stripe.InvalidRequestError) as caught:
                read(on)
            assert caught.value.code == "resource_missing"
    with pytest.raises(stripe.InvalidRequestError) as caught:
        other.pay(other.customer(), method)
    assert caught.value.code == "resource_missing"
    assert other.api.v1.payment_intents.list({}, other.on).data == []
    assert shop.sum("charge") == 4500


def test_other_version_is_refused(shop):
    answer = ask(shop, "GET", "/v1/customers", **{"Stripe-Version": "2024-06-20"})
    assert answer.status_code == 400
    assert "2026-10-28.endive" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/invoices"),
        ("POST", "/v1/subscriptions"),
        ("DELETE", "/v1/payment_intents/pi_1"),
        ("GET", "/v2/core/events"),
    ],
)
def test_unknown_endpoints_are_404(shop, method, path):
    answer = ask(shop, method, path)
    assert answer.status_code == 404
    assert "Unrecognized request URL" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "data", "code", "param"),
    [
        ("payment_intents", FINE | {"colour": "red"}, "parameter_unknown", "colour"),
        ("payment_intents", FINE | {"payment_method_types[0]": "card"}, "parameter_unknown", "payment_method_types"),
        ("payment_intents", FINE | {"shipping[name]": "x"}, "parameter_unknown", "shipping"),
        ("payment_intents", {"currency": "cad"}, "parameter_missing", "amount"),
        ("payment_intents", {"amount": "5.00", "currency": "cad"}, "parameter_invalid_integer", "amount"),
        ("payment_intents", {"amount": "49", "currency": "cad"}, "amount_too_small", "amount"),
        ("payment_intents", FINE | {"confirm": "yes"}, None, "confirm"),
        ("payment_intents", {"amount": "", "currency": "cad"}, "parameter_invalid_empty", "amount"),
        ("payment_intents", FINE | {"application_fee_amount": "501"}, None, "application_fee_amount"),
        ("payment_intents", FINE | {"customer": "cus_no"}, "resource_missing", "customer"),
        ("payment_intents", FINE | {"metadata[x]": "y" * 501}, None, "metadata[x]"),
        ("payment_intents", FINE | {"off_session": "true"}, None, "off_session"),
        ("customers", {"email[0]": "x"}, None, "email"),
        (CS, {"mode": "subscription", "success_url": "http://x"}, None, "mode"),
        (CS, {"mode": "setup", "currency": "cad"}, "parameter_missing", "success_url"),
        (CS, {"mode": "setup", "success_url": "http://x"}, "parameter_missing", "currency"),
        (CS, {"mode": "payment", "success_url": "http://x"}, "parameter_missing", "line_items"),
        (CS, SETUP | {"payment_intent_data[description]": "x"}, None, "payment_intent_data"),
        (CS, SETUP | {"custom_text[submit][message]": "x" * 1201}, None, "custom_text[submit][message]"),
        ("refunds", {"amount": "5"}, None, None),
    ],
)  # fmt: skip
def test_parameters_are_checked(shop, path, data, code, param):
    answer = ask(shop, "POST", f"/v1/{path}", data)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"]) == (400, "invalid_request_error")
    assert (error.get("code"), error.get("param")) == (code, param)
    assert shop.api.v1.payment_intents.list({}, shop.on).data == []


def test_unknown_query_parameters_are_refused(shop):
    assert ask(shop, "GET", "/v1/payment_intents?customer=&colour=red").status_code == 400
    assert ask(shop, "GET", "/v1/payment_intents?limit=101").status_code == 400


def test_unknown_expansion_is_refused(shop):
    customer = shop.customer()
    for path in ("colour", "name.first", "metadata"):
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            shop.api.v1.customers.retrieve(customer, {"expand": [path]}, shop.on)


def test_commission_needs_a_connected_account(shop):
    with pytest.raises(stripe.InvalidRequestError, match="application_fee_amount"):
        shop.api.v1.payment_intents.create({"amount": 500, "currency": "cad", "application_fee_amount": 1})


def test_metadata_is_merged_and_removed(shop):
    customer = shop.api.v1.customers.create({"metadata": {"a": "1", "b": "2"}}, shop.on).id
    changed = shop.api.v1.customers.update(customer, {"metadata": {"b": "", "c": "3"}}, shop.on)
    assert changed.metadata.to_dict() == {"a": "1", "c": "3"}
    assert shop.api.v1.customers.update(customer, {"metadata": ""}, shop.on).metadata.to_dict() == {}


def test_deleted_customer_is_a_stub_without_cards(shop):
    customer = shop.customer()
    method = shop.saved(customer)
    assert shop.api.v1.customers.delete(customer, {}, shop.on).deleted
    assert shop.api.v1.customers.retrieve(customer, {}, shop.on).deleted
    assert customer not in [one.id for one in shop.api.v1.customers.list({}, shop.on).data]
    assert shop.api.v1.payment_methods.retrieve(method, {}, shop.on).customer is None
    with pytest.raises(stripe.InvalidRequestError):
        shop.pay(customer, method)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.session(customer=customer, currency="cad")
    assert (caught.value.code, caught.value.param) == ("resource_missing", "customer")
    assert {"customer.deleted", "payment_method.detached"} <= set(shop.events())


def test_onboarding_link(double):
    api = double.client()
    account = api.v1.accounts.create({"country": "CA", "business_profile": {"name": "Coop du Port"}})
    assert not account.charges_enabled
    assert account.requirements.currently_due
    link = api.v1.account_links.create(
        {"account": account.id, "type": "account_onboarding", "return_url": "http://site.test/back", "refresh_url": "http://site.test/again"}
    )  # fmt: skip
    assert "Coop du Port" in requests.get(link.url, timeout=10).text
    assert not api.v1.accounts.retrieve(account.id).charges_enabled
    assert requests.post(f"{link.url}x", timeout=10).status_code == 404
    double.advance(310)
    late = requests.post(link.url, timeout=10)
    assert (late.status_code, "http://site.test/again" in late.text) == (410, True)
    assert not api.v1.accounts.retrieve(account.id).charges_enabled
    link = api.v1.account_links.create(
        {
            "account": account.id,
            "type": "account_onboarding",
            "return_url": "http://site.test/back",
            "refresh_url": "http://site.test/again",
        }
    )
    done = requests.post(link.url, allow_redirects=False, timeout=10)
    assert (done.status_code, done.headers["location"]) == (303, "http://site.test/back")
    after = api.v1.accounts.retrieve(account.id)
    assert (after.charges_enabled, after.details_submitted, after.payouts_enabled) == (True, True, True)
    assert after.requirements.currently_due == []
    assert after.capabilities.card_payments == "active"
    assert account.id in [one.id for one in api.v1.accounts.list({"limit": 100}).auto_paging_iter()]
