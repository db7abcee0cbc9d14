"""What a person would do at Stripe's pages, done through the double's own handles."""

from functools import lru_cache
from typing import Any

import requests
from django.conf import settings

TIMEOUT_SECONDS = 20


@lru_cache(maxsize=1)
def _line() -> requests.Session:
    return requests.Session()


def _post(path: str, body: dict[str, Any]) -> requests.Response:
    return _line().post(f"{settings.STRIPE_API_BASE}/_sandbox/{path}", json=body, timeout=TIMEOUT_SECONDS)


def enable(account: str) -> None:
    """The cooperative has answered all that Stripe asks: its account can take payments."""
    _post(f"accounts/{account}", {"complete": True}).raise_for_status()


def pay_out(account: str) -> str:
    """All that the balance holds, also what is held for some days, is at the bank. Returns the transfer's id."""
    answer = _post(f"accounts/{account}/payout", {"held": True, "arrives": True})
    answer.raise_for_status()
    return str(answer.json()["id"])


def pay(session: str, card: str) -> None:
    """Fill in the hosted page with a card, and say yes where the bank asks. Refused where it is paid already."""
    _post(f"checkout/{session}/pay", {"card": card, "bank": "complete"})
