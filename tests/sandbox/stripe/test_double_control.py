"""Webhooks, faults, the clock, and what a restart keeps."""

import socket
import threading
import time

import pytest
import requests
import stripe

from tests.sandbox.stripe.conftest import SECRET


def test_webhooks_are_signed_and_name_their_account(shop, sink):
    customer = shop.customer()
    received = sink.wait(shop.account, "customer.created")[0]
    event = stripe.Webhook.construct_event(received.payload, received.headers["Stripe-Signature"], SECRET)
    assert (event.account, event.data.object.id, event.type) == (shop.account, customer, "customer.created")
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(received.payload + b" ", received.headers["Stripe-Signature"], SECRET)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(received.payload, received.headers["Stripe-Signature"], "whsec_other")
    listed = shop.api.v1.events.retrieve(event.id, {}, shop.on)
    assert listed.data.object.id == customer


def test_refused_webhooks_are_sent_again(shop, sink):
    sink.refused["customer.updated"] = 2
    customer = shop.customer()
    shop.api.v1.customers.update(customer, {"name": "Ada"}, shop.on)
    received = sink.wait(shop.account, "customer.updated", 3)
    assert len({one.event["id"] for one in received}) == 1
    time.sleep(0.3)
    assert len(sink.of(shop.account, "customer.updated")) == 3
    assert shop.api.v1.events.retrieve(received[0].event["id"], {}, shop.on).pending_webhooks == 0


def test_webhooks_are_given_up_after_three_days(fresh, open_on, sink):
    double = fresh("--webhook-url", "http://127.0.0.1:9/closed", "--webhook-secret", SECRET)
    shop = open_on(double)
    shop.customer()
    assert double.control("/state", method="GET")["deliveries"] == {"due": 2}
    double.advance(3 * 86400 + 60)
    until = time.monotonic() + 10
    while double.control("/state", method="GET")["deliveries"] != {"failed": 2} and time.monotonic() < until:
        time.sleep(0.1)
    assert double.control("/state", method="GET")["deliveries"] == {"failed": 2}


def test_a_deaf_endpoint_does_not_keep_the_server_from_stopping(fresh, open_on):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        double = fresh("--webhook-url", f"http://127.0.0.1:{port}/", "--webhook-secret", SECRET)
        open_on(double).customer()
        deaf.settimeout(5)
        connection, _ = deaf.accept()
        before = time.monotonic()
        double.stop()
        assert time.monotonic() - before < 5
        connection.close()


def test_platform_events_carry_no_account(shop, sink):
    customer = shop.customer()
    intent = shop.pay(customer, shop.saved(customer), application_fee_amount=77)
    until = time.monotonic() + 5
    mine = []
    while not mine and time.monotonic() < until:
        fees = [one.event for one in list(sink.received) if one.event["type"] == "application_fee.created"]
        mine = [event for event in fees if event["data"]["object"]["charge"] == intent.latest_charge]
        time.sleep(0.02)
    assert "account" not in mine[0]


def test_webhook_losses(shop, sink):
    shop.double.control("/faults", {"webhooks": {"drop": 1.0}, "seed": 1})
    lost = shop.customer()
    shop.double.control("/faults", {"webhooks": {"double": 1.0}, "seed": 1})
    twice = shop.customer()
    received = sink.wait(shop.account, "customer.created", 2)
    assert {one.event["data"]["object"]["id"] for one in received} == {twice}
    kinds = shop.api.v1.events.list({"types": ["customer.created"]}, shop.on).data
    assert [event.data.object.id for event in kinds] == [twice, lost]


def test_shuffled_webhooks_all_come(shop, sink):
    shop.double.control("/faults", {"webhooks": {"shuffle": True}, "seed": 4})
    made = [shop.customer() for _ in range(8)]
    came = [one.event["data"]["object"]["id"] for one in sink.wait(shop.account, "customer.created", 8)]
    assert sorted(came) == sorted(made)
    assert came != made


def test_events_reach_back_thirty_days(shop):
    shop.customer()
    event = shop.api.v1.events.list({"limit": 1}, shop.on).data[0].id
    shop.double.advance(29 * 86400)
    assert shop.api.v1.events.retrieve(event, {}, shop.on).id == event
    shop.double.advance(2 * 86400)
    assert shop.api.v1.events.list({}, shop.on).data == []
    with pytest.raises(stripe.InvalidRequestError):
        shop.api.v1.events.retrieve(event, {}, shop.on)


def test_webhook_endpoint_of_connected_accounts_only(shop, sink):
    api = shop.api
    created = api.v1.webhook_endpoints.create(
        {"url": f"{sink.url}?second", "enabled_events": ["customer.created"], "connect": True}
    )
    try:
        assert created.secret.startswith("whsec_")
        assert "secret" not in api.v1.webhook_endpoints.retrieve(created.id).to_dict()
        shop.customer()
        received = sink.wait(shop.account, "customer.created", 2)
        checked = 0
        for one in received:
            try:
                stripe.Webhook.construct_event(one.payload, one.headers["Stripe-Signature"], created.secret)
            except stripe.SignatureVerificationError:
                continue
            checked += 1
        assert checked == 1
    finally:
        api.v1.webhook_endpoints.delete(created.id)
    assert created.id not in [one.id for one in api.v1.webhook_endpoints.list().data]


def test_faults_hit_what_they_match_and_only_as_often(shop):
    shop.double.faults({"match": "POST /v1/customers$", "kind": "500", "times": 2})
    shop.session("payment")
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            shop.customer()
    assert shop.customer()


def test_rates_are_repeatable(shop):
    def run():
        shop.double.control("/faults", method="DELETE")
        shop.double.faults({"match": "GET /v1/balance", "kind": "429", "rate": 0.3}, seed=7)
        answers = ""
        for _ in range(30):
            try:
                shop.api.v1.balance.retrieve({}, shop.on)
                answers += "."
            except stripe.RateLimitError:
                answers += "x"
        return answers

    first = run()
    assert run() == first
    assert 0 < first.count("x") < 30


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/clock", {"advance": -1}), ("/clock", {"back": 1}), ("/faults", {"next": [{"kind": "fire"}]}),
        ("/faults", {"webhooks": {"lose": 1}}), ("/disputes/dp_1", {"status": "won"}),
        ("/accounts/acct_1", {"complete": True}),
    ],
)  # fmt: skip
def test_control_refuses_what_cannot_be_meant(double, path, body):
    double.control(path, body, expect=400)


def test_clock_goes_forward_and_dates_objects(shop):
    before = shop.double.now()
    shop.double.control("/clock", {"now": before + 5000})
    customer = shop.api.v1.customers.create({"email": "a@b.ca"}, shop.on)
    assert 5000 <= customer.created - before <= 5010
    shop.double.control("/clock", {"now": before}, expect=400)


def test_restart_keeps_state_keys_clock_and_webhooks(fresh, open_on, sink):
    more = ("--webhook-url", sink.url, "--webhook-secret", SECRET)
    double = fresh(*more)
    shop = open_on(double)
    customer = shop.customer()
    method = shop.saved(customer)
    double.advance(5000)
    sink.wait(shop.account, "payment_method.attached")
    double.control("/faults", {"webhooks": {"delay": 2.0}})
    paid = shop.pay(customer, method, key="pay-1")
    now = double.now()
    double.stop(hard=True)
    assert sink.of(shop.account, "payment_intent.succeeded") == []
    double.start()
    assert double.now() >= now
    assert shop.pay(customer, method, key="pay-1").id == paid.id
    assert shop.sum("charge") == 4500
    assert len(sink.wait(shop.account, "payment_intent.succeeded")) == 1
    assert len(shop.api.v1.webhook_endpoints.list().data) == 1


def test_killed_under_load_and_asked_again(fresh, open_on):
    """What an answered call did is there after SIGKILL, and the same keys charge nobody twice."""
    double = fresh()
    shop = open_on(double)
    customer = shop.customer()
    method = shop.saved(customer)
    answered: dict[str, str] = {}

    def pay(keys: list[str]) -> None:
        for key in keys:
            try:
                answered[key] = shop.pay(customer, method, key=key).id
            except stripe.APIConnectionError:
                return

    keys = [f"pay-{number}" for number in range(200)]
    threads = [threading.Thread(target=pay, args=(keys[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    while len(answered) < 60:
        time.sleep(0.005)
    double.stop(hard=True)
    for thread in threads:
        thread.join()
    before = dict(answered)
    assert 60 <= len(before) < 200
    double.start()
    pay(keys)
    assert {key: answered[key] for key in before} == before
    charges = [line["payment_intent"] for line in double.journal(shop.account) if line["kind"] == "charge"]
    assert sorted(charges) == sorted(answered.values())
    assert len(set(charges)) == 200


def test_reset_empties_everything_but_the_endpoint_of_the_command_line(fresh, open_on, sink):
    double = fresh("--webhook-url", sink.url, "--webhook-secret", SECRET)
    shop = open_on(double)
    shop.customer()
    double.advance(100000)
    double.control("/reset", {})
    assert double.control("/state", method="GET")["objects"] == {"webhook_endpoint": {"enabled": 1}}
    assert double.journal() == []
    assert abs(double.now() - time.time()) < 5
    with pytest.raises(stripe.PermissionError):
        shop.customer()


def test_only_loopback(tmp_path):
    import subprocess
    import sys

    from tests.sandbox.stripe.conftest import ROOT

    command = [sys.executable, "-m", "sandbox.stripe", "--host", "0.0.0.0", "--data", str(tmp_path)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 2
    assert "loopback" in ended.stderr


def test_health_and_stylesheet(double):
    assert double.control("/health", method="GET") == {"ok": True}
    assert "text/css" in requests.get(f"{double.url}/_assets/checkout.css", timeout=10).headers["content-type"]
