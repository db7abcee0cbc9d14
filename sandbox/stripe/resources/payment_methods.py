"""Cards as payment methods: created from a number or a test token, attached, detached."""

from hashlib import sha256
from typing import Any

from sandbox.stripe import cards
from sandbox.stripe.cards import Card, Decline
from sandbox.stripe.errors import ApiError, Json, missing, refused
from sandbox.stripe.ids import new_id
from sandbox.stripe.listing import page
from sandbox.stripe.store import Row
from sandbox.stripe.world import Call

BLANK_ADDRESS: Json = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))
DETACHED = (
    "The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, "
    "shared with a connected account without Customer attachment, or was detached from a Customer. It "
    "may not be used again. To use a PaymentMethod multiple times, you must attach it to a Customer first."
)


def card_error(decline: Decline, **more: Any) -> ApiError:
    """402 in Stripe's shape; what was written (the failed attempt) stays written."""
    return ApiError(
        402, decline.message, kind="card_error", code=decline.code, decline_code=decline.decline_code,
        advice_code=decline.advice, commits=True, **more,
    )  # fmt: skip


def card_of(method: Row) -> Card:
    return cards.BY_NUMBER[method.inner["card"]]


def build(
    call: Call, card: Card, exp_month: int, exp_year: int, billing: Json | None = None, origin: str = "token"
) -> Row:
    """A new payment method of this account. What the card does is known to the sandbox only."""
    given = billing or {}
    body: Json = {
        "id": new_id("pm"), "object": "payment_method", "allow_redisplay": "unspecified",
        "billing_details": {
            "address": {**BLANK_ADDRESS, **(given.get("address") or {})}, "email": given.get("email"),
            "name": given.get("name"), "phone": given.get("phone"), "tax_id": None,
        },
        "card": _card_body(card, exp_month, exp_year), "created": call.now, "customer": None,
        "customer_account": None, "livemode": False, "metadata": call.metadata() if origin == "api" else {},
        "type": "card",
    }  # fmt: skip
    inner: Json = {"card": card.number, "set_up": False, "spent": False}
    call.save(body, inner)
    return Row(call.account, "payment_method", body, inner)


def _card_body(card: Card, exp_month: int, exp_year: int) -> Json:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": card.cvc_check},
        "country": card.country, "display_brand": card.brand, "exp_month": exp_month, "exp_year": exp_year,
        "fingerprint": sha256(card.number.encode()).hexdigest()[:16], "funding": card.funding,
        "generated_from": None, "last4": card.number[-4:],
        "networks": {"available": [card.brand], "preferred": None}, "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True}, "wallet": None,
    }  # fmt: skip


def resolve(call: Call, method_id: str, param: str = "payment_method") -> Row:
    """A payment method by id, or a fresh one from a test token such as `pm_card_visa`."""
    card = cards.BY_TOKEN.get(method_id)
    if card is not None:
        return build(call, card, 12, 2034)
    return call.load("payment_method", method_id, param, 400)


def usable(method: Row, customer: str | None) -> None:
    """Stripe's rules on who may be charged with a payment method."""
    owner = method.body["customer"]
    if owner is None:
        if method.inner["spent"]:
            raise refused(DETACHED)
        return
    if customer is None:
        raise refused(
            f"PaymentMethod {method.body['id']} belongs to the Customer {owner}. Please include the "
            "Customer in the `customer` parameter on the PaymentIntent.",
            param="payment_method",
        )
    if owner != customer:
        raise refused(
            f"The customer does not have a payment method with the ID {method.body['id']}. The payment "
            "method must be attached to the customer.",
            param="payment_method",
            code="resource_missing",
        )


def create(call: Call) -> Json:
    given = call.get("card", {})
    if "token" in given:
        card, month, year = _from_token(given["token"]), 12, 2034
    else:
        for name in ("number", "exp_month", "exp_year"):
            if name not in given:
                raise refused(f"Missing required param: card[{name}].", "parameter_missing", f"card[{name}]")
        refusal = cards.refusal_of(given["number"])
        if refusal is not None:
            raise card_error(refusal, param="card[number]")
        card, month, year = cards.BY_NUMBER[given["number"]], given["exp_month"], given["exp_year"]
    return build(call, card, month, year, call.get("billing_details"), "api").body


def _from_token(token: str) -> Card:
    card = cards.BY_TOKEN.get(token.replace("tok_", "pm_card_", 1))
    if card is None:
        raise refused(f"No such token: '{token}'", "resource_missing", "card[token]")
    return card


def retrieve(call: Call) -> Json:
    return call.named("payment_method").body


def update(call: Call) -> Json:
    method = call.named("payment_method")
    if method.body["customer"] is None:
        raise refused("You must save this PaymentMethod to a customer before you can update it.")
    call.merge_metadata(method.body)
    for name, value in call.get("billing_details", {}).items():
        method.body["billing_details"][name] = value
    method.body["card"].update(call.get("card", {}))
    call.save(method.body)
    call.emit("payment_method.updated", method.body)
    return method.body


def attach(call: Call) -> Json:
    method = resolve(call, call.path["id"])
    customer = call.load("customer", call.params["customer"], "customer", 400)
    if method.body["customer"] not in (None, customer.body["id"]):
        raise refused("The payment method you provided has already been attached to a customer.")
    if method.body["customer"] is None and method.inner["spent"]:
        raise refused(DETACHED)
    refusal = card_of(method).at_setup
    if refusal is not None:
        raise card_error(refusal)
    attach_to(call, method, customer.body["id"])
    return method.body


def attach_to(call: Call, method: Row, customer: str) -> None:
    """Save the card on the customer; attached once, said once."""
    if method.body["customer"] == customer:
        return
    method.body["customer"] = customer
    call.save(method.body, method.inner)
    call.emit("payment_method.attached", method.body)


def detach(call: Call) -> Json:
    method = call.named("payment_method")
    if method.body["customer"] is None:
        raise refused("The payment method you provided is not attached to a customer so detachment is impossible.")
    detach_from_customer(call, method)
    return method.body


def detach_from_customer(call: Call, method: Row) -> None:
    """A detached card is never chargeable again."""
    previous = {"customer": method.body["customer"]}
    method.body["customer"] = None
    method.inner["spent"] = True
    call.save(method.body, method.inner)
    call.emit("payment_method.detached", method.body, previous)


def list_all(call: Call) -> Json:
    return page(call, "payment_method", _filters(call, call.get("customer")))


def list_of_customer(call: Call) -> Json:
    customer = call.load("customer", call.path["id"], "customer")
    return page(call, "payment_method", {"customer": customer.body["id"]})


def retrieve_of_customer(call: Call) -> Json:
    method = call.load("payment_method", call.path["method"], "payment_method")
    if method.body["customer"] != call.path["id"]:
        raise missing("payment_method", call.path["method"], "payment_method")
    return method.body


def _filters(call: Call, customer: str | None) -> Json:
    if customer is None:
        raise refused("Missing required param: customer.", "parameter_missing", "customer")
    return {"customer": call.load("customer", customer, "customer", 400).body["id"]}
