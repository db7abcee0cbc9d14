"""The far end of the socket: the Stripe double as a subprocess, and its control handles."""

import hmac
import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import requests
from django.conf import settings as django_settings

from config import ROOT
from home.models import Cooperative
from pledges.gateway.client import client


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Double:
    def __init__(self, port, process):
        self.url = f"http://127.0.0.1:{port}"
        self.process = process

    def _post(self, path, **body):
        answer = requests.post(f"{self.url}/_sandbox/{path}", json=body, timeout=20)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def reset(self):
        self._post("reset")

    def open_account(self, cooperative):
        """Make a connected account that can charge, and name it on the cooperative."""
        account = client().v1.accounts.create(
            {"country": "CA", "email": cooperative.contact_email, "business_profile": {"name": cooperative.name}}
        )
        self._post(f"accounts/{account.id}", charges_enabled=True, payouts_enabled=True, details_submitted=True)
        Cooperative.objects.filter(pk=cooperative.pk).update(stripe_account=account.id, charges_enabled=True)
        cooperative.refresh_from_db()
        return account.id

    def set_account(self, account, **flags):
        """What Stripe does by itself: `charges_enabled`, `payouts_enabled`, `deauthorized`, `complete`."""
        return self._post(f"accounts/{account}", **flags)

    def pay_out(self, account, *, arrives=True):
        """All of the balance leaves for the bank, also what would be held a while."""
        return self._post(f"accounts/{account}/payout", held=True, arrives=arrives)

    def settle_payout(self, payout, status):
        return self._post(f"payouts/{payout}", status=status)

    def close_dispute(self, dispute, status):
        return self._post(f"disputes/{dispute}", status=status)

    def pay(self, session, card="4242424242424242"):
        """Fill in the hosted page as a visitor with this card would, and say yes at the bank's page."""
        return self._post(f"checkout/{session}/pay", card=card, bank="complete")

    def answer_bank(self, address, choice="complete"):
        """Press a button of the bank's page, as its customer would; the address that the bank leads back to."""
        answer = requests.post(address, data={"answer": choice}, timeout=20, allow_redirects=False)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def advance(self, **delta):
        seconds = delta.get("seconds", 0) + 60 * delta.get("minutes", 0) + 3600 * delta.get("hours", 0)
        return self._post("clock", advance=seconds)

    def fault(self, match, kind, times=1):
        self._post("faults", next=[{"match": match, "kind": kind, "times": times}])

    def hold(self, match, seconds):
        """The next matching call is carried out, and answered, that much later."""
        self._post("faults", next=[{"match": match, "kind": "hang", "seconds": seconds}])

    def capture_later(self, seconds):
        """From now on a payment's balance transaction exists only after a while (asynchronous capture)."""
        self._post("faults", capture_delay=seconds)

    def journal(self, account, kind=None):
        answer = requests.get(f"{self.url}/_sandbox/journal", params={"account": account}, timeout=20)
        lines = [json.loads(line) for line in answer.text.splitlines()]
        return [line for line in lines if kind is None or line["kind"] == kind]

    def events(self, account, kind=None):
        """The events of one kind, or all, as the double would post them, oldest first: (payload, signature)."""
        found, wanted = [], {"limit": 100} | ({"type": kind} if kind else {})
        headers = {"Authorization": f"Bearer {django_settings.STRIPE_SECRET_KEY}", "Stripe-Account": account}
        more = True
        while more:
            answer = requests.get(f"{self.url}/v1/events", params=wanted, headers=headers, timeout=20)
            answer.raise_for_status()
            page = answer.json()
            found += page["data"]
            more = page["has_more"]
            wanted["starting_after"] = found[-1]["id"] if found else ""
        return [self._signed(json.dumps(event | {"account": account})) for event in reversed(found)]

    def _signed(self, payload):
        at = int(time.time())
        mac = hmac.new(django_settings.STRIPE_WEBHOOK_SECRET.encode(), f"{at}.{payload}".encode(), "sha256")
        return payload.encode(), f"t={at},v1={mac.hexdigest()}"

    def session(self, account, session):
        return client().v1.checkout.sessions.retrieve(session, options={"stripe_account": account})


@contextmanager
def double_running(folder, *extra):
    """Start the double on a free port; stop it by its pid."""
    port = free_port()
    command = [sys.executable, "-m", "sandbox.stripe", "--port", str(port), "--data", str(folder), "--quiet", *extra]
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        _wait(f"http://127.0.0.1:{port}/_sandbox/health", process)
        yield Double(port, process)
    finally:
        process.terminate()
        process.wait(10)


def _wait(url, process):
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError("the Stripe double did not start")
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError("the Stripe double did not answer")
