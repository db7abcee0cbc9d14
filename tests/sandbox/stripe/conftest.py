"""One Stripe double per test run, a sink for its webhooks, and the real `stripe` package to drive it."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

KEY = "sk_test_tremplin"
SECRET = "whsec_tests"
ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Received:
    headers: dict[str, str]
    payload: bytes

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.payload)


@dataclass
class Sink:
    """A webhook endpoint; answers 500 to the types in `refused` as often as said there."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, one: Received) -> int:
        with self.lock:
            self.received.append(one)
            left = self.refused.get(one.event["type"], 0)
            self.refused[one.event["type"]] = left - 1
            return 500 if left > 0 else 200

    def of(self, account: str, kind: str | None = None) -> list[Received]:
        with self.lock:
            return [
                one
                for one in self.received
                if one.event.get("account") == account and kind in (None, one.event["type"])
            ]

    def wait(self, account: str, kind: str, count: int = 1, seconds: float = 10) -> list[Received]:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = self.of(account, kind)
            if len(found) >= count:
                return found
            time.sleep(0.02)
        raise AssertionError(f"{kind} came {len(self.of(account, kind))} times instead of {count}")


class _Handler(BaseHTTPRequestHandler):
    sink: Sink

    def do_POST(self) -> None:
        payload = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.sink.take(Received(dict(self.headers), payload)))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture(scope="session")
def sink() -> Iterator[Sink]:
    found = Sink()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"sink": found}))
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


class Double:
    """A running server, with its control endpoints at hand."""

    def __init__(self, data: Path, *more: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._command = [
            sys.executable, "-m", "sandbox.stripe", "--port", str(self.port), "--data", str(data), "--quiet",
            "--public-url", self.url, *more,
        ]  # fmt: skip
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("Stripe double ready"), line + (self.process.stdout.read() or "")

    def stop(self, *, hard: bool = False) -> None:
        assert self.process is not None
        (self.process.kill if hard else self.process.terminate)()
        self.process.wait(10)
        self.process = None

    def control(self, path: str, body: object = None, method: str = "POST", expect: int = 200) -> Any:
        answer = requests.request(method, f"{self.url}/_sandbox{path}", json=body, timeout=10)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def now(self) -> int:
        return self.control("/clock", method="GET")["now"]

    def advance(self, seconds: int) -> None:
        self.control("/clock", {"advance": seconds})

    def journal(self, account: str | None = None) -> list[dict[str, Any]]:
        answer = requests.get(
            f"{self.url}/_sandbox/journal", params={"account": account} if account else {}, timeout=10
        )
        return [json.loads(line) for line in answer.text.splitlines()]

    def faults(self, *orders: dict[str, Any], **more: Any) -> None:
        self.control("/faults", {"next": list(orders), **more})

    def client(self, **more: Any) -> stripe.StripeClient:
        return stripe.StripeClient(KEY, base_addresses={"api": self.url}, max_network_retries=0, **more)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory, sink: Sink) -> Iterator[Double]:
    found = Double(
        tmp_path_factory.mktemp("stripe"), "--webhook-url", sink.url, "--webhook-secret", SECRET
    )  # fmt: skip
    found.start()
    yield found
    found.stop()


@pytest.fixture
def double(running: Double) -> Iterator[Double]:
    yield running
    running.control("/faults", method="DELETE")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Callable[..., Double]]:
    """Servers of one's own: `fresh("--webhook-url", …)` starts one on this test's folder."""
    started: list[Double] = []

    def start(*more: str) -> Double:
        found = Double(tmp_path, *more)
        found.start()
        started.append(found)
        return found

    yield start
    for one in started:
        if one.process is not None:
            one.stop()


@dataclass
class Shop:
    """A connected account that can charge, and calls made for it."""

    double: Double
    api: stripe.StripeClient
    account: str

    @property
    def on(self) -> dict[str, Any]:
        return {"stripe_account": self.account}

    def keyed(self, key: str) -> dict[str, Any]:
        return {"stripe_account": self.account, "idempotency_key": key}

    def customer(self, email: str = "ada@example.com", **more: Any) -> str:
        return self.api.v1.customers.create({"email": email, **more}, self.on).id

    def saved(self, customer: str, token: str = "pm_card_visa") -> str:
        """A card set up on a customer through a SetupIntent, as Checkout's setup mode leaves it."""
        intent = self.api.v1.setup_intents.create(
            {"customer": customer, "payment_method": token, "confirm": True, "return_url": "http://site.test/back"},
            self.on,
        )
        if intent.status == "requires_action":
            url = intent.next_action.redirect_to_url.url
            requests.post(url, data={"answer": "complete"}, allow_redirects=False, timeout=10)
        found = self.api.v1.setup_intents.retrieve(intent.id, {}, self.on)
        assert found.status == "succeeded"
        return str(found.payment_method)

    def pay(
        self, customer: str, method: str, amount: int = 4500, key: str | None = None, **more: Any
    ) -> stripe.PaymentIntent:
        """An off-session payment, as settlement makes it."""
        params: Any = {
            "amount": amount, "currency": "cad", "customer": customer, "payment_method": method,
            "off_session": True, "confirm": True, "allowed_payment_method_types": ["card"], **more,
        }  # fmt: skip
        return self.api.v1.payment_intents.create(params, self.keyed(key) if key else self.on)

    def session(self, mode: str = "setup", **more: Any) -> stripe.checkout.Session:
        params: Any = {
            "mode": mode, "success_url": "http://site.test/ok?s={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://site.test/no", "allowed_payment_method_types": ["card"], **more,
        }  # fmt: skip
        if mode == "payment" and "line_items" not in more:
            price = {"currency": "cad", "unit_amount": 4500, "product_data": {"name": "Panier de légumes"}}
            params["line_items"] = [{"price_data": price, "quantity": 2}]
        return self.api.v1.checkout.sessions.create(params, self.on)

    def read_session(self, session: str, *expand: str) -> Any:
        return self.api.v1.checkout.sessions.retrieve(session, {"expand": list(expand)}, self.on)

    def type_card(self, url: str, number: str, **more: str) -> requests.Response:
        """Fill the hosted page's form as a browser would."""
        form = {"number": number, "expiry": "12/34", "cvc": "123", "name": "Ada", "email": "ada@example.com", **more}
        return requests.post(url, data=form, allow_redirects=False, timeout=10)

    def events(self) -> list[str]:
        """The types of this account's events, oldest first."""
        pages = self.api.v1.events.list({"limit": 100}, self.on)
        return [event.type for event in pages.auto_paging_iter()][::-1]

    def sum(self, *kinds: str) -> int:
        return sum(line["amount"] for line in self.double.journal(self.account) if not kinds or line["kind"] in kinds)


@pytest.fixture
def new_shop(double: Double) -> Callable[[], Shop]:
    return lambda: open_shop(double)


def open_shop(double: Double) -> Shop:
    api = double.client()
    settings: Any = {"payments": {"statement_descriptor": "COOP DES CHAMPS"}}
    account = api.v1.accounts.create(
        {"country": "CA", "business_profile": {"name": "Coop des Champs"}, "settings": settings}
    ).id
    double.control(f"/accounts/{account}", {"complete": True})
    return Shop(double, api, account)


@pytest.fixture
def shop(double: Double) -> Shop:
    return open_shop(double)


@pytest.fixture
def open_on() -> Callable[[Double], Shop]:
    """A shop on a server of one's own."""
    return open_shop
