"""PaymentIntents: created, confirmed (again), cancelled; on the connected account."""

from typing import Any

from sandbox.stripe import paying
from sandbox.stripe.errors import ApiError, Json, invalid, refused
from sandbox.stripe.ids import client_secret, new_id
from sandbox.stripe.listing import page
from sandbox.stripe.money import SMALLEST, ZERO_DECIMAL
from sandbox.stripe.store import Row
from sandbox.stripe.world import Call, refuse_if_cannot_charge

from .payment_methods import resolve, usable

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")


def create(call: Call) -> Json:
    confirm_now = call.get("confirm", False)
    _check_create(call, confirm_now)
    customer = call.referred("customer", "customer")
    row = build(call, call.params["amount"], call.params["currency"], customer and customer.body["id"], call.params)
    row.body["allowed_payment_method_types"] = call.get("allowed_payment_method_types")
    row.body["automatic_payment_methods"] = _automatic(call)
    method = _method(call, row)
    call.save(row.body, row.inner)
    call.emit("payment_intent.created", row.body)
    if confirm_now:
        _confirm(call, row, method)
    return row.body


def _check_create(call: Call, confirm_now: bool) -> None:
    for name in ("off_session", "return_url", "error_on_requires_action"):
        if call.get(name) and not confirm_now:
            raise invalid(f"You cannot set `{name}` when `confirm` is not true.", name)
    if "allowed_payment_method_types" in call.params and "automatic_payment_methods" in call.params:
        raise invalid(
            "You may only specify one of these parameters: automatic_payment_methods, allowed_payment_method_types.",
            "automatic_payment_methods",
        )
    check_amount(call, call.params["amount"], call.params["currency"], call.get("application_fee_amount"))
    check_suffix(call.get("statement_descriptor_suffix"), "statement_descriptor_suffix")


def _automatic(call: Call) -> Json | None:
    """Without a list of types, Stripe turns automatic payment methods on."""
    if "allowed_payment_method_types" in call.params:
        return None
    given: Json = call.get("automatic_payment_methods", {"enabled": True})
    return {"allow_redirects": "always", **given} if given["enabled"] else None


def check_amount(call: Call, amount: int, currency: str, commission: int | None, param: str = "") -> None:
    if amount < SMALLEST and currency not in ZERO_DECIMAL:
        raise invalid(f"Amount must be at least $0.50 {currency}", "amount", "amount_too_small")
    if commission is None:
        return
    if call.is_platform:
        raise invalid(
            "Can only apply an application_fee_amount when the PaymentIntent is attempting a direct payment "
            "(using an OAuth key or Stripe-Account header) or destination payment (using "
            "`transfer_data[destination]`).",
            param or "application_fee_amount",
        )
    if commission > amount:
        raise invalid(
            f"Application fee amount ({commission}) must be less than or equal to the amount ({amount}).",
            param or "application_fee_amount",
        )


def check_suffix(suffix: str | None, param: str) -> None:
    if suffix is None:
        return
    if len(suffix) > 22 or any(sign in suffix for sign in "<>\\'\"*"):
        raise invalid("The statement descriptor suffix must be at most 22 characters, without <>\\'\"*.", param)
    if not any(letter.isalpha() for letter in suffix):
        raise invalid("The statement descriptor suffix must contain at least one letter.", param)


def build(call: Call, amount: int, currency: str, customer: str | None, given: Json) -> Row:
    """A new PaymentIntent; `given` holds what the API or the Checkout Session says of it."""
    object_id = new_id("pi")
    metadata = {name: value for name, value in (given.get("metadata") or {}).items() if value != ""}
    body: Json = {
        "id": object_id, "object": "payment_intent", "allowed_payment_method_types": None,
        "amount": amount, "amount_capturable": 0, "amount_details": {"tip": {}}, "amount_received": 0,
        "application": call.application, "application_fee_amount": given.get("application_fee_amount"),
        "automatic_payment_methods": None, "canceled_at": None, "cancellation_reason": None,
        "capture_method": given.get("capture_method") or "automatic_async", "client_secret": client_secret(object_id),
        "confirmation_method": "automatic", "created": call.now, "currency": currency,
        "customer": customer, "customer_account": None, "description": given.get("description"),
        "excluded_payment_method_types": None, "last_payment_error": None, "latest_charge": None,
        "livemode": False, "managed_payments": None, "metadata": metadata, "next_action": None,
        "on_behalf_of": None, "payment_method": None, "payment_method_configuration_details": None,
        "payment_method_options": {"card": _CARD_OPTIONS}, "payment_method_types": ["card"],
        "processing": None, "receipt_email": given.get("receipt_email"), "review": None,
        "setup_future_usage": given.get("setup_future_usage"), "shipping": None, "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": given.get("statement_descriptor_suffix"),
        "status": "requires_payment_method", "transfer_data": None, "transfer_group": None,
    }  # fmt: skip
    return Row(call.account, "payment_intent", body, {})


_CARD_OPTIONS: Json = {
    "installments": None, "mandate_options": None, "network": None, "request_three_d_secure": "automatic",
}  # fmt: skip


def _method(call: Call, row: Row) -> Row | None:
    """The payment method given with this call, checked against the intent's customer."""
    if call.get("payment_method") is None:
        return None
    method = resolve(call, call.params["payment_method"])
    usable(method, row.body["customer"])
    row.body["payment_method"] = method.body["id"]
    if row.body["status"] == "requires_payment_method":
        row.body["status"] = "requires_confirmation"
    return method


def retrieve(call: Call) -> Json:
    row = call.named("payment_intent")
    secret = call.get("client_secret")
    if secret is not None and secret != row.body["client_secret"]:
        raise invalid("The client_secret provided does not match any associated PaymentIntent.", "client_secret")
    return row.body


def update(call: Call) -> Json:
    row = call.named("payment_intent")
    body = row.body
    if body["status"] not in _OPEN and set(call.params) - {"metadata", "description"}:
        raise _unexpected(body, "update", "updated")
    changed = {**body, **call.params}
    check_amount(call, changed["amount"], changed["currency"], changed["application_fee_amount"])
    check_suffix(call.get("statement_descriptor_suffix"), "statement_descriptor_suffix")
    call.referred("customer", "customer")
    for name in _UPDATABLE & set(call.params):
        body[name] = call.params[name]
    call.merge_metadata(body)
    _method(call, row)
    call.save(body, row.inner)
    return body


_UPDATABLE = {
    "amount", "currency", "customer", "description", "application_fee_amount", "receipt_email",
    "setup_future_usage", "statement_descriptor_suffix", "allowed_payment_method_types",
}  # fmt: skip


def confirm(call: Call) -> Json:
    row = call.named("payment_intent")
    if "session" in row.inner:
        raise refused("You cannot confirm this PaymentIntent because it was created by a Checkout Session.")
    if row.body["status"] not in _OPEN:
        raise _unexpected(row.body, "confirm", "confirmed")
    for name in ("receipt_email", "setup_future_usage"):
        if name in call.params:
            row.body[name] = call.params[name]
    _confirm(call, row, _method(call, row))
    return row.body


def _confirm(call: Call, row: Row, method: Row | None) -> None:
    refuse_if_cannot_charge(call)
    body = row.body
    if method is None:
        if body["payment_method"] is None:
            raise refused(
                "You cannot confirm this PaymentIntent because it's missing a payment method. You can either "
                "update the PaymentIntent with a payment method and then confirm it again, or confirm it again "
                "directly with a payment method or ConfirmationToken.",
                "payment_intent_unexpected_state",
                payment_intent=body,
            )
        method = resolve(call, body["payment_method"])
        usable(method, body["customer"])
    off_session, return_url = bool(call.get("off_session", False)), call.get("return_url")
    _require_return_url(body, off_session, return_url)
    paying.confirm(call, row, method, off_session, return_url)


def _require_return_url(body: Json, off_session: bool, return_url: str | None) -> None:
    automatic: Any = body["automatic_payment_methods"]
    if automatic and automatic["allow_redirects"] == "always" and not off_session and return_url is None:
        raise refused(
            "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some "
            "of these payment methods might redirect your customer off of your page, you must provide a "
            "`return_url`. If you don't want to accept redirect-based payment methods, set "
            "`automatic_payment_methods[enabled]` to `true` and `automatic_payment_methods[allow_redirects]` "
            "to `never` when creating Setup Intents and Payment Intents.",
            param="return_url",
        )


def _unexpected(body: Json, verb: str, done: str) -> ApiError:
    if body["status"] == "succeeded":
        why = "it has already succeeded after being previously confirmed."
    else:
        why = (
            f"it has a status of {body['status']}. Only a PaymentIntent with one of the following statuses "
            f"may be {done}: {', '.join(_OPEN)}."
        )
    return refused(
        f"You cannot {verb} this PaymentIntent because {why}",
        "payment_intent_unexpected_state",
        payment_intent=body,
    )


def cancel(call: Call) -> Json:
    row = call.named("payment_intent")
    if "session" in row.inner:
        raise refused(
            "You cannot cancel this PaymentIntent because it was created by a Checkout Session. Expire the "
            "Checkout Session instead."
        )
    if row.body["status"] not in _OPEN:
        raise _unexpected(row.body, "cancel", "canceled")
    cancel_intent(call, row, call.get("cancellation_reason"))
    return row.body


def cancel_intent(call: Call, row: Row, reason: str | None) -> None:
    row.body.update(status="canceled", canceled_at=call.now, cancellation_reason=reason, next_action=None)
    row.inner.pop("bank", None)
    call.save(row.body, row.inner)
    call.emit("payment_intent.canceled", row.body)


def list_all(call: Call) -> Json:
    customer = call.referred("customer", "customer")
    return page(call, "payment_intent", {"customer": customer and customer.body["id"]})
