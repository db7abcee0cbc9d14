"""Customers live on the connected account, like everything a backer leaves there."""

from sandbox.stripe.errors import Json, missing
from sandbox.stripe.ids import new_id, random_text
from sandbox.stripe.listing import page, paged
from sandbox.stripe.store import Row
from sandbox.stripe.world import Call

from .payment_methods import BLANK_ADDRESS, detach_from_customer

_FIELDS = ("name", "email", "phone", "description", "preferred_locales")


def create(call: Call) -> Json:
    body = build(call, call.params)
    call.save(body)
    call.emit("customer.created", body)
    return body


def build(call: Call, given: Json) -> Json:
    return {
        "id": new_id("cus", 14), "object": "customer", "address": _address(given.get("address")), "balance": 0,
        "business_name": None, "created": call.now, "currency": None, "customer_account": None,
        "default_source": None, "delinquent": False, "description": given.get("description"),
        "discount": None, "email": given.get("email"), "individual_name": None,
        "invoice_prefix": random_text(8).upper(),
        "invoice_settings": {
            "custom_fields": None, "default_payment_method": None, "footer": None, "rendering_options": None,
        },
        "livemode": False, "metadata": call.metadata() if given is call.params else {},
        "name": given.get("name"), "next_invoice_sequence": 1, "phone": given.get("phone"),
        "preferred_locales": given.get("preferred_locales") or [], "shipping": None,
        "tax_exempt": "none", "test_clock": None,
    }  # fmt: skip


def _address(given: Json | None) -> Json | None:
    return None if given is None else {**BLANK_ADDRESS, **given}


def retrieve(call: Call) -> Json:
    """A deleted customer is still answered, as a stub with `deleted: true`."""
    return call.named("customer").body


def update(call: Call) -> Json:
    body = _alive(call).body
    previous = {name: body[name] for name in _FIELDS if name in call.params}
    for name in _FIELDS:
        if name in call.params:
            body[name] = call.params[name]
    if "address" in call.params:
        body["address"] = _address(call.params["address"])
    default = call.get("invoice_settings", {}).get("default_payment_method")
    if default is not None:
        call.load("payment_method", default, "invoice_settings[default_payment_method]", 400)
        body["invoice_settings"]["default_payment_method"] = default
    call.merge_metadata(body)
    call.save(body)
    call.emit("customer.updated", body, previous)
    return body


def _alive(call: Call) -> Row:
    row = call.named("customer")
    if row.body.get("deleted"):
        raise missing("customer", row.body["id"])
    return row


def delete(call: Call) -> Json:
    """Deleting a customer detaches the cards saved on it."""
    body = _alive(call).body
    found = call.world.store.db.execute(
        "SELECT id FROM objects WHERE customer=? AND kind='payment_method'", (body["id"],)
    ).fetchall()
    for (method,) in found:
        detach_from_customer(call, call.load("payment_method", method))
    stub = {"id": body["id"], "object": "customer", "deleted": True}
    call.save(stub)
    call.emit("customer.deleted", body)
    return stub


def list_all(call: Call) -> Json:
    if "email" not in call.params:
        return page(call, "customer")
    where = ["account=?", "kind='customer'", "status IS NOT 'deleted'", "json_extract(body, '$.email')=?"]
    return paged(call, "objects", where, [call.account, call.params["email"]])
