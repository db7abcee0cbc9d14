"""What a confirmed PaymentIntent goes through: the bank's question, the charge, the outcome."""

from . import disputing
from .cards import AUTHENTICATION_REQUIRED, Decline, decline
from .charging import charge
from .errors import ApiError, Json
from .ids import random_text
from .resources.payment_methods import attach_to, card_error, card_of
from .store import Row
from .world import Call

FAILED_AUTHENTICATION = (
    "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
    "PaymentMethod to attempt to fulfill this PaymentIntent again."
)


def asks(method: Row, off_session: bool) -> bool:
    """Whether the bank wants to see the cardholder for this payment."""
    card = card_of(method)
    if not off_session:
        return card.asks_on_session
    if card.off_session == "asks_unless_set_up":
        return not method.inner["set_up"]
    return card.off_session == "asks"


def refusal_of(method: Row) -> Decline | None:
    """The issuer's answer: the card's own, unless the sandbox was told another for this card."""
    if "decline_code" in method.inner:
        code = method.inner["decline_code"]
        return None if code is None else decline(code)
    return card_of(method).at_charge


def confirm(call: Call, intent: Row, method: Row, off_session: bool, return_url: str | None) -> None:
    """One attempt. Raises the 402 of a decline, with the intent as it then is in the error."""
    body, inner = intent.body, intent.inner
    body.update(payment_method=method.body["id"], next_action=None, last_payment_error=None)
    inner.pop("bank", None)
    if not asks(method, off_session):
        attempt(call, intent, method, authenticated=False)
    elif off_session or call.get("error_on_requires_action"):
        fail(call, intent, method, AUTHENTICATION_REQUIRED)
    else:
        _ask(call, intent, method, return_url)


def _ask(call: Call, intent: Row, method: Row, return_url: str | None) -> None:
    """requires_action: the bank's page is at next_action.redirect_to_url.url."""
    intent.body["status"] = "requires_action"
    bank_page(call, intent, method, return_url)
    call.save(intent.body, intent.inner)
    call.emit("payment_intent.requires_action", intent.body)


def bank_page(call: Call, intent: Row, method: Row, return_url: str | None) -> None:
    """Open the bank's page for an intent of either kind; without return_url Stripe.js would show it."""
    token = random_text(32)
    intent.inner["bank"] = {"token": token, "method": method.body["id"], "return_url": return_url}
    url = f"{call.world.settings.public_url}/bank/{intent.body['id']}/{token}"
    if return_url is None:
        sdk = {"type": "three_d_secure_redirect", "stripe_js": url}
        intent.body["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": sdk}
    else:
        redirect = {"url": url, "return_url": return_url}
        intent.body["next_action"] = {"type": "redirect_to_url", "redirect_to_url": redirect}


def attempt(call: Call, intent: Row, method: Row, authenticated: bool) -> None:
    """Ask the issuer for the money."""
    refusal = refusal_of(method)
    if refusal is not None:
        fail(call, intent, method, refusal)
    charged = charge(call, intent.body, method, None, authenticated)
    intent.body.update(
        status="succeeded", next_action=None, last_payment_error=None,
        amount_received=intent.body["amount"], latest_charge=charged["id"],
    )  # fmt: skip
    intent.inner.pop("bank", None)
    call.save(intent.body, intent.inner)
    _keep_or_spend(call, intent.body, method)
    call.emit("payment_intent.succeeded", intent.body)
    disputing.follow_up(call, charged, card_of(method).after)


def _keep_or_spend(call: Call, intent: Json, method: Row) -> None:
    """setup_future_usage keeps the card on the customer; a card used without one is spent."""
    if intent["setup_future_usage"] and intent["customer"]:
        method.inner["set_up"] = True
        attach_to(call, method, intent["customer"])
        call.save(method.body, method.inner)
    elif method.body["customer"] is None:
        method.inner["spent"] = True
        call.save(method.body, method.inner)


def fail(call: Call, intent: Row, method: Row, refusal: Decline) -> None:
    """A declined attempt: a failed charge, and the intent asks for another payment method."""
    charged = charge(call, intent.body, method, refusal, authenticated=False)
    error = card_error(refusal, charge=charged["id"], payment_method=method.body)
    intent.body.update(
        status="requires_payment_method", payment_method=None, next_action=None,
        latest_charge=charged["id"], last_payment_error=dict(error.error),
    )  # fmt: skip
    intent.inner.pop("bank", None)
    _record_failure(call, intent)
    error.error["payment_intent"] = intent.body
    raise error


def fail_authentication(call: Call, intent: Row, method: Row) -> None:
    """The cardholder did not pass the bank's page: no charge was tried."""
    error = ApiError(
        400, FAILED_AUTHENTICATION, code="payment_intent_authentication_failure", payment_method=method.body
    )
    intent.body.update(
        status="requires_payment_method", payment_method=None, next_action=None,
        last_payment_error=error.error,
    )  # fmt: skip
    intent.inner.pop("bank", None)
    _record_failure(call, intent)


def _record_failure(call: Call, intent: Row) -> None:
    call.save(intent.body, intent.inner)
    call.emit("payment_intent.payment_failed", intent.body)
