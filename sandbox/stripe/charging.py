"""Money moving: charges, balance transactions, fees, and what certain test cards bring on."""

from collections.abc import Sequence

from . import APPLICATION, PLATFORM_ACCOUNT
from .cards import Decline
from .errors import Json
from .ids import new_id
from .listing import as_list
from .money import stripe_fee
from .store import Row
from .world import Call

HELD = 2 * 86400
"""Money is pending for two days before it is available."""


def transaction(
    call: Call,
    kind: str,
    amount: int,
    source: Json,
    account: str,
    *,
    fees: Sequence[Json] = (),
    description: str | None = None,
    category: str | None = None,
) -> Json:
    """A balance transaction: `net` is what the account gains, `fee` what was taken from `amount`."""
    fee = sum(item["amount"] for item in fees)
    body: Json = {
        "id": new_id("txn"), "object": "balance_transaction", "amount": amount,
        "available_on": call.now + HELD, "balance_type": "payments", "created": call.now,
        "currency": source["currency"], "description": description, "exchange_rate": None,
        "fee": fee, "fee_details": list(fees), "net": amount - fee,
        "reporting_category": category or kind, "source": source["id"],
        "status": "pending", "type": kind,
    }  # fmt: skip
    call.world.store.save(account, body)
    return body


def fee_detail(amount: int, kind: str, currency: str, description: str) -> Json:
    application = APPLICATION if kind == "application_fee" else None
    return {
        "amount": amount, "application": application, "currency": currency,
        "description": description, "type": kind,
    }  # fmt: skip


def charge(call: Call, intent: Json, method: Row, refusal: Decline | None, authenticated: bool) -> Json:
    """The charge of one attempt: succeeded with its money moved, or failed with its reason."""
    body = _blank_charge(call, intent, method, authenticated)
    if refusal is not None:
        _fail(body, refusal)
        call.save(body)
        call.emit("charge.failed", body)
        return body
    delay = call.world.faults.capture_delay
    if delay and intent["capture_method"] == "automatic_async":
        call.world.schedule(call.now + delay, "capture", body["id"])
    else:
        _move_money(call, body)
    call.save(body)
    call.emit("charge.succeeded", body)
    return body


def capture(call: Call, body: Json) -> None:
    """Asynchronous capture (Stripe's default): `balance_transaction` and `application_fee` come later."""
    if body["status"] != "succeeded" or body["balance_transaction"] is not None:
        return
    _move_money(call, body)
    call.save(body)
    call.emit("charge.updated", body, {"balance_transaction": None})


def _blank_charge(call: Call, intent: Json, method: Row, authenticated: bool) -> Json:
    amount = intent["amount"]
    return {
        "id": new_id("ch"), "object": "charge", "amount": amount, "amount_captured": amount,
        "amount_refunded": 0, "application": call.application, "application_fee": None,
        "application_fee_amount": intent["application_fee_amount"], "balance_transaction": None,
        "billing_details": method.body["billing_details"],
        "calculated_statement_descriptor": descriptor(call, intent["statement_descriptor_suffix"]),
        "captured": True, "created": call.now, "currency": intent["currency"],
        "customer": intent["customer"], "description": intent["description"], "disputed": False,
        "failure_balance_transaction": None, "failure_code": None, "failure_message": None,
        "fraud_details": {}, "livemode": False, "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": {
            "advice_code": None, "network_advice_code": None, "network_decline_code": None,
            "network_status": "approved_by_network", "reason": None, "risk_level": "normal",
            "risk_score": 20, "seller_message": "Payment complete.", "type": "authorized",
        },
        "paid": True, "payment_intent": intent["id"], "payment_method": method.body["id"],
        "payment_method_details": _method_details(method, amount, authenticated),
        "receipt_email": intent["receipt_email"], "receipt_number": None, "receipt_url": None,
        "refunded": False, "review": None, "shipping": None, "source": None, "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": intent["statement_descriptor_suffix"], "status": "succeeded",
        "transfer_data": None, "transfer_group": None,
    }  # fmt: skip


def _method_details(method: Row, amount: int, authenticated: bool) -> Json:
    card = method.body["card"]
    secure: Json | None = None
    if authenticated:
        secure = {
            "authentication_flow": "challenge", "electronic_commerce_indicator": "05",
            "exemption_indicator": None, "result": "authenticated", "result_reason": None,
            "transaction_id": new_id("dstid"), "version": "2.2.0",
        }  # fmt: skip
    shared = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    return {
        "card": {
            "amount_authorized": amount, "authorization_code": None,
            **{name: card[name] for name in shared},
            "extended_authorization": {"status": "disabled"},
            "incremental_authorization": {"status": "unavailable"}, "installments": None, "mandate": None,
            "multicapture": {"status": "unavailable"}, "network": card["brand"],
            "network_token": {"used": False}, "network_transaction_id": None,
            "overcapture": {"maximum_amount_capturable": amount, "status": "unavailable"},
            "regulated_status": "unregulated", "three_d_secure": secure, "transaction_link_id": None,
            "wallet": None,
        },
        "type": "card",
    }  # fmt: skip


def descriptor(call: Call, suffix: str | None) -> str | None:
    """What stands on the bank statement: prefix, `* `, suffix; 22 characters at most."""
    account = call.world.store.find(call.account)
    if account is None:
        return suffix
    settings = account.body["settings"]
    prefix: str | None = settings["card_payments"]["statement_descriptor_prefix"]
    whole: str | None = settings["payments"]["statement_descriptor"]
    if suffix is None:
        return whole or prefix
    return f"{prefix or (whole or '')[:10]}* {suffix}"[:22]


def _fail(body: Json, refusal: Decline) -> None:
    body.update(
        amount_captured=0, captured=False, paid=False, status="failed",
        failure_code=refusal.code, failure_message=refusal.message,
    )  # fmt: skip
    declined = "not_sent_to_network" if refusal.blocked else "declined_by_network"
    body["outcome"].update(
        advice_code=refusal.advice, network_status=declined,
        reason="highest_risk_level" if refusal.blocked else (refusal.decline_code or refusal.code),
        risk_level="highest" if refusal.blocked else "normal",
        seller_message="The bank did not return any further details with this decline.",
        type="blocked" if refusal.blocked else "issuer_declined",
    )  # fmt: skip


def _move_money(call: Call, body: Json) -> None:
    """Gross in, Stripe's fee and the application fee out, and the fee into the platform's balance."""
    amount, currency, commission = body["amount"], body["currency"], body["application_fee_amount"] or 0
    fee = stripe_fee(amount)
    details = [fee_detail(fee, "stripe_fee", currency, "Stripe processing fees")]
    if commission:
        details.insert(0, fee_detail(commission, "application_fee", currency, "Tremplin application fee"))
    moved = transaction(call, "charge", amount, body, call.account, fees=details, description=body["description"])
    body["balance_transaction"] = moved["id"]
    call.journal("charge", amount, body)
    call.journal("stripe_fee", -fee, body)
    if commission:
        _collect_commission(call, body, commission)


def _collect_commission(call: Call, body: Json, commission: int) -> None:
    fee: Json = {
        "id": new_id("fee"), "object": "application_fee", "account": call.account, "amount": commission,
        "amount_refunded": 0, "application": APPLICATION, "balance_transaction": None,
        "charge": body["id"], "created": call.now, "currency": body["currency"],
        "fee_source": {"charge": body["id"], "type": "charge"}, "livemode": False,
        "originating_transaction": None, "refunded": False,
    }  # fmt: skip
    fee["refunds"] = as_list(f"/v1/application_fees/{fee['id']}/refunds", [])
    moved = transaction(call, "application_fee", commission, fee, PLATFORM_ACCOUNT, category="platform_earning")
    fee["balance_transaction"] = moved["id"]
    body["application_fee"] = fee["id"]
    call.world.store.save(PLATFORM_ACCOUNT, fee)
    entry = {**fee, "payment_intent": body["payment_intent"], "metadata": body["metadata"]}
    call.journal("application_fee", -commission, entry)
    call.journal("application_fee", commission, entry, PLATFORM_ACCOUNT)
    call.emit("application_fee.created", fee, account=PLATFORM_ACCOUNT)
