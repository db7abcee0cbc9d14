"""Checkout Sessions, modes `payment` and `setup`, with the page that Stripe hosts for them."""

from sandbox.stripe.errors import Json, invalid, refused
from sandbox.stripe.ids import new_id
from sandbox.stripe.listing import page, slice_of
from sandbox.stripe.store import Row
from sandbox.stripe.world import Call, refuse_if_cannot_charge

from . import payment_intents, setup_intents

SHORTEST, LONGEST = 30 * 60, 24 * 3600
_BLANK = [
    "after_expiration",
    "allow_promotion_codes",
    "billing_address_collection",
    "branding_settings",
    "client_secret",
    "collected_information",
    "consent",
    "consent_collection",
    "currency_conversion",
    "customer_account",
    "discounts",
    "excluded_payment_method_types",
    "integration_identifier",
    "invoice",
    "invoice_creation",
    "managed_payments",
    "name_collection",
    "optional_items",
    "origin_context",
    "payment_link",
    "payment_method_configuration_details",
    "permissions",
    "presentment_details",
    "recovered_from",
    "redirect_on_completion",
    "return_url",
    "saved_payment_method_options",
    "shipping_address_collection",
    "shipping_cost",
    "subscription",
    "tax_id_collection",
    "wallet_options",
]


def create(call: Call) -> Json:
    mode = call.params["mode"]
    _check(call, mode)
    refuse_if_cannot_charge(call)
    customer = call.referred("customer", "customer")
    items = [_line_item(call, item) for item in call.get("line_items", [])]
    body = _build(call, mode, customer and customer.body, items)
    inner: Json = {"items": items, "intent_data": call.get("payment_intent_data", {})}
    if mode == "setup":
        _open_setup_intent(call, body)
    call.save(body, inner)
    call.world.schedule(body["expires_at"], "expire_session", body["id"])
    return body


def _check(call: Call, mode: str) -> None:
    other = "setup_intent_data" if mode == "payment" else "payment_intent_data"
    forbidden = [other] if mode == "payment" else [other, "line_items", "customer_creation", "submit_type"]
    for name in forbidden:
        if name in call.params:
            raise invalid(f"You can not pass `{name}` in `{mode}` mode.", name)
    if call.get("customer") and call.get("customer_email"):
        raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer_email")
    if mode == "payment":
        _check_payment(call)
    elif "currency" not in call.params and "allowed_payment_method_types" not in call.params:
        raise invalid("Missing required param: currency.", "currency", "parameter_missing")
    _check_expiry(call)


def _check_expiry(call: Call) -> None:
    expires_at = call.get("expires_at")
    if expires_at is None:
        return
    if expires_at < call.now + SHORTEST:
        raise invalid(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", "expires_at"
        )
    if expires_at > call.now + LONGEST:
        raise invalid(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", "expires_at"
        )


def _check_payment(call: Call) -> None:
    items = call.get("line_items", [])
    if not items:
        raise invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    currencies = {item["price_data"]["currency"] for item in items} | {call.get("currency")} - {None}
    if len(currencies) > 1:
        raise invalid("All line items must have the same currency.", "line_items")
    total = sum(item["price_data"]["unit_amount"] * item["quantity"] for item in items)
    data = call.get("payment_intent_data", {})
    commission = data.get("application_fee_amount")
    name = "payment_intent_data[application_fee_amount]"
    payment_intents.check_amount(call, total, currencies.pop(), commission, name)
    payment_intents.check_suffix(
        data.get("statement_descriptor_suffix"), "payment_intent_data[statement_descriptor_suffix]"
    )


def _line_item(call: Call, given: Json) -> Json:
    data, quantity = given["price_data"], given["quantity"]
    amount = data["unit_amount"] * quantity
    product = data["product_data"]
    price: Json = {
        "id": new_id("price"), "object": "price", "active": False, "billing_scheme": "per_unit",
        "created": call.now, "currency": data["currency"], "custom_unit_amount": None, "livemode": False,
        "lookup_key": None, "metadata": {}, "nickname": None, "product": new_id("prod", 14),
        "recurring": None, "tax_behavior": data.get("tax_behavior", "unspecified"), "tiers_mode": None,
        "transform_quantity": None, "type": "one_time", "unit_amount": data["unit_amount"],
        "unit_amount_decimal": str(data["unit_amount"]),
    }  # fmt: skip
    return {
        "id": new_id("li"), "object": "item", "adjustable_quantity": None, "amount_discount": 0,
        "amount_subtotal": amount, "amount_tax": 0, "amount_total": amount, "currency": data["currency"],
        "description": product["name"], "metadata": {}, "price": price, "quantity": quantity,
    }  # fmt: skip


def _build(call: Call, mode: str, customer: Json | None, items: list[Json]) -> Json:
    object_id = new_id("cs_test", 58)
    paid = mode == "payment"
    total = sum(item["amount_total"] for item in items) if paid else None
    email = customer["email"] if customer else call.get("customer_email")
    name = customer["name"] if customer else None
    return {
        **dict.fromkeys(_BLANK), "id": object_id, "object": "checkout.session",
        "adaptive_pricing": {"enabled": False} if paid else None,
        "allowed_payment_method_types": call.get("allowed_payment_method_types"),
        "amount_subtotal": total, "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": call.get("cancel_url"), "client_reference_id": call.get("client_reference_id"),
        "created": call.now, "currency": items[0]["currency"] if items else call.get("currency"),
        "custom_fields": [], "custom_text": _custom_text(call.get("custom_text", {})),
        "customer": customer and customer["id"],
        "customer_creation": call.get("customer_creation", "if_required") if paid and not customer else None,
        "customer_details": details(email, name) if email else None,
        "customer_email": call.get("customer_email"), "expires_at": call.get("expires_at", call.now + LONGEST),
        "livemode": False, "locale": call.get("locale"), "metadata": call.metadata(), "mode": mode,
        "payment_intent": None,
        "payment_method_collection": "if_required" if paid else "always",
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "payment_status": "unpaid" if paid else "no_payment_required",
        "phone_number_collection": {"enabled": False}, "setup_intent": None, "shipping_options": [],
        "status": "open", "submit_type": call.get("submit_type"), "success_url": call.params["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if paid else None,
        "ui_mode": "hosted_page", "url": f"{call.world.settings.public_url}/c/pay/{object_id}",
    }  # fmt: skip


def _custom_text(given: Json) -> Json:
    places = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")
    return {name: given.get(name) for name in places}


def details(email: str | None, name: str | None) -> Json:
    return {
        "address": None, "business_name": None, "email": email, "individual_name": None, "name": name,
        "phone": None, "tax_exempt": "none", "tax_ids": None,
    }  # fmt: skip


def _open_setup_intent(call: Call, body: Json) -> None:
    """In setup mode the SetupIntent exists from the start."""
    intent = setup_intents.build(call, body["customer"], call.get("setup_intent_data", {}))
    intent.body["allowed_payment_method_types"] = body["allowed_payment_method_types"]
    intent.inner["session"] = body["id"]
    call.save(intent.body, intent.inner)
    call.emit("setup_intent.created", intent.body)
    body["setup_intent"] = intent.body["id"]


def retrieve(call: Call) -> Json:
    return call.named("checkout.session").body


def update(call: Call) -> Json:
    body = call.named("checkout.session").body
    call.merge_metadata(body)
    call.save(body)
    return body


def list_all(call: Call) -> Json:
    names = ("customer", "payment_intent", "status")
    return page(call, "checkout.session", {name: call.get(name) for name in names})


def line_items(call: Call) -> Json:
    return slice_of(call, call.named("checkout.session").inner["items"])


def expire(call: Call) -> Json:
    row = call.named("checkout.session")
    if row.body["status"] != "open":
        raise refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a '
            f"status of {row.body['status']}."
        )
    end(call, row)
    return row.body


def end(call: Call, row: Row) -> None:
    """Nobody can pay an expired Session: its intent is cancelled with it."""
    row.body.update(status="expired", url=None)
    call.save(row.body, row.inner)
    if row.body["payment_intent"]:
        intent = call.load("payment_intent", row.body["payment_intent"])
        payment_intents.cancel_intent(call, intent, "expired")
    if row.body["setup_intent"]:
        setup = call.load("setup_intent", row.body["setup_intent"])
        setup_intents.cancel_intent(call, setup, "abandoned")
    call.emit("checkout.session.expired", row.body)
