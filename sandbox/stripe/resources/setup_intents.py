"""SetupIntents: a card saved for later, with the bank's page where the card asks for it."""

from sandbox.stripe import paying
from sandbox.stripe.cards import Decline
from sandbox.stripe.errors import ApiError, Json, refused
from sandbox.stripe.ids import client_secret, new_id
from sandbox.stripe.listing import page
from sandbox.stripe.store import Row
from sandbox.stripe.world import Call, refuse_if_cannot_charge

from .payment_methods import attach_to, card_error, card_of, resolve, usable

_OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
FAILED_AUTHENTICATION = (
    "The latest attempt to set up the payment method has failed because authentication failed. You can "
    "provide payment_method_data or a new PaymentMethod to attempt to fulfill this SetupIntent again."
)


def build(call: Call, customer: str | None, given: Json) -> Row:
    object_id = new_id("seti")
    metadata = {name: value for name, value in (given.get("metadata") or {}).items() if value != ""}
    body: Json = {
        "id": object_id, "object": "setup_intent", "allowed_payment_method_types": None,
        "application": call.application, "automatic_payment_methods": None, "cancellation_reason": None,
        "client_secret": client_secret(object_id), "created": call.now, "customer": customer,
        "customer_account": None, "description": given.get("description"),
        "excluded_payment_method_types": None, "flow_directions": None, "last_setup_error": None,
        "latest_attempt": None, "livemode": False, "managed_payments": None, "mandate": None,
        "metadata": metadata, "next_action": None, "on_behalf_of": None, "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {
            "mandate_options": None, "network": None, "request_three_d_secure": "automatic",
        }},
        "payment_method_types": ["card"], "single_use_mandate": None,
        "status": "requires_payment_method", "usage": given.get("usage") or "off_session",
    }  # fmt: skip
    return Row(call.account, "setup_intent", body, {})


def create(call: Call) -> Json:
    confirm_now = call.get("confirm", False)
    if call.get("return_url") and not confirm_now:
        raise refused("You cannot set `return_url` when `confirm` is not true.", param="return_url", saved=False)
    customer = call.referred("customer", "customer")
    row = build(call, customer and customer.body["id"], call.params)
    row.body["allowed_payment_method_types"] = call.get("allowed_payment_method_types")
    method = _method(call, row)
    call.save(row.body, row.inner)
    call.emit("setup_intent.created", row.body)
    if confirm_now:
        _confirm(call, row, method)
    return row.body


def _method(call: Call, row: Row) -> Row | None:
    if call.get("payment_method") is None:
        return None
    method = resolve(call, call.params["payment_method"])
    usable(method, row.body["customer"])
    row.body["payment_method"] = method.body["id"]
    if row.body["status"] == "requires_payment_method":
        row.body["status"] = "requires_confirmation"
    return method


def retrieve(call: Call) -> Json:
    return call.named("setup_intent").body


def update(call: Call) -> Json:
    row = call.named("setup_intent")
    if "description" in call.params:
        row.body["description"] = call.params["description"]
    call.merge_metadata(row.body)
    call.save(row.body, row.inner)
    return row.body


def confirm(call: Call) -> Json:
    row = call.named("setup_intent")
    if "session" in row.inner:
        raise refused("You cannot confirm this SetupIntent because it was created by a Checkout Session.")
    _refuse_closed(row.body, "confirm", "confirmed")
    _confirm(call, row, _method(call, row))
    return row.body


def _confirm(call: Call, row: Row, method: Row | None) -> None:
    refuse_if_cannot_charge(call)
    if method is None:
        if row.body["payment_method"] is None:
            raise refused(
                "You cannot confirm this SetupIntent because it's missing a payment method.",
                "setup_intent_unexpected_state",
                setup_intent=row.body,
            )
        method = resolve(call, row.body["payment_method"])
    confirm_intent(call, row, method, call.get("return_url"))


def confirm_intent(call: Call, row: Row, method: Row, return_url: str | None) -> None:
    """One attempt to save the card. Raises the 402 of a decline."""
    row.body.update(payment_method=method.body["id"], next_action=None, last_setup_error=None)
    row.inner.pop("bank", None)
    refusal = card_of(method).at_setup
    if refusal is not None:
        fail(call, row, method, refusal)
    if card_of(method).asks_at_setup and not method.inner["set_up"]:
        row.body["status"] = "requires_action"
        paying.bank_page(call, row, method, return_url)
        call.save(row.body, row.inner)
        call.emit("setup_intent.requires_action", row.body)
        return
    succeed(call, row, method)


def succeed(call: Call, row: Row, method: Row) -> None:
    """The card is saved: attached to the customer and known to the bank for off-session payments."""
    row.body.update(status="succeeded", next_action=None, last_setup_error=None)
    row.inner.pop("bank", None)
    method.inner["set_up"] = True
    call.save(method.body, method.inner)
    if row.body["customer"]:
        attach_to(call, method, row.body["customer"])
    call.save(row.body, row.inner)
    call.emit("setup_intent.succeeded", row.body)


def fail(call: Call, row: Row, method: Row, refusal: Decline) -> None:
    error = card_error(refusal, payment_method=method.body)
    _record_failure(call, row, dict(error.error))
    error.error["setup_intent"] = row.body
    raise error


def fail_authentication(call: Call, row: Row, method: Row) -> None:
    error = ApiError(400, FAILED_AUTHENTICATION, code="setup_intent_authentication_failure", payment_method=method.body)
    _record_failure(call, row, error.error)


def _record_failure(call: Call, row: Row, error: Json) -> None:
    row.body.update(status="requires_payment_method", payment_method=None, next_action=None, last_setup_error=error)
    row.inner.pop("bank", None)
    call.save(row.body, row.inner)
    call.emit("setup_intent.setup_failed", row.body)


def cancel(call: Call) -> Json:
    row = call.named("setup_intent")
    if "session" in row.inner:
        raise refused(
            "You cannot cancel this SetupIntent because it was created by a Checkout Session. Expire the "
            "Checkout Session instead."
        )
    _refuse_closed(row.body, "cancel", "canceled")
    cancel_intent(call, row, call.get("cancellation_reason"))
    return row.body


def cancel_intent(call: Call, row: Row, reason: str | None) -> None:
    row.body.update(status="canceled", cancellation_reason=reason, next_action=None)
    row.inner.pop("bank", None)
    call.save(row.body, row.inner)
    call.emit("setup_intent.canceled", row.body)


def _refuse_closed(body: Json, verb: str, done: str) -> None:
    if body["status"] not in _OPEN:
        raise refused(
            f"You cannot {verb} this SetupIntent because it has a status of {body['status']}. Only a SetupIntent "
            f"with one of the following statuses may be {done}: {', '.join(_OPEN)}.",
            "setup_intent_unexpected_state",
            setup_intent=body,
        )


def list_all(call: Call) -> Json:
    customer = call.referred("customer", "customer")
    return page(call, "setup_intent", {"customer": customer and customer.body["id"]})
