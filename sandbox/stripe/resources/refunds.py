"""Refunds of charges, and of the application fees on them."""

from sandbox.stripe import PLATFORM_ACCOUNT
from sandbox.stripe.charging import capture, fee_detail, transaction
from sandbox.stripe.errors import Json, invalid, refused
from sandbox.stripe.ids import new_id
from sandbox.stripe.listing import page
from sandbox.stripe.store import Row
from sandbox.stripe.world import Call

from .payment_methods import card_of

LATER = 10
"""Seconds of the clock until a refund that ends later does so."""


def create(call: Call) -> Json:
    charged = _charge(call)
    amount = _amount(call, charged.body)
    method = call.load("payment_method", charged.body["payment_method"])
    body = _build(call, charged.body, amount)
    charged.body["amount_refunded"] += amount
    charged.body["refunded"] = charged.body["amount_refunded"] == charged.body["amount"]
    returned = _fee_share(call, charged.body, amount) if call.get("refund_application_fee") else 0
    _move_money(call, charged.body, body, amount, returned)
    ending = card_of(method).refund
    if ending == "succeeds_later":
        body["status"] = "pending"
    call.save(body)
    call.save(charged.body)
    call.emit("refund.created", body)
    call.emit("charge.refunded", charged.body)
    if ending:
        call.world.schedule(call.now + LATER, f"refund_{ending}", body["id"])
    return body


def _charge(call: Call) -> Row:
    if (call.get("charge") is None) == (call.get("payment_intent") is None):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    if call.get("charge") is not None:
        charged = call.load("charge", call.params["charge"], "charge", 400)
    else:
        intent = call.load("payment_intent", call.params["payment_intent"], "payment_intent", 400)
        if intent.body["status"] != "succeeded":
            raise refused(
                f"This PaymentIntent ({intent.body['id']}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        charged = call.load("charge", intent.body["latest_charge"])
    _refuse_unrefundable(call, charged.body)
    capture(call, charged.body)
    return charged


def _refuse_unrefundable(call: Call, body: Json) -> None:
    if body["status"] != "succeeded":
        raise refused("This charge cannot be refunded: it did not succeed.", "charge_not_refundable")
    if body["refunded"]:
        raise refused(f"Charge {body['id']} has already been refunded.", "charge_already_refunded")
    if not body["disputed"]:
        return
    found = call.world.store.db.execute(
        "SELECT count(*) FROM objects WHERE charge=? AND kind='dispute' AND status NOT LIKE 'warning%'"
        " AND status <> 'won'",
        (body["id"],),
    ).fetchone()
    if found[0]:
        raise refused(f"Charge {body['id']} has been charged back; cannot issue a refund.", "charge_disputed")


def _amount(call: Call, body: Json) -> int:
    left: int = body["amount"] - body["amount_refunded"]
    amount: int = call.get("amount", left)
    if amount > left:
        raise refused(f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount")
    return amount


def _build(call: Call, charged: Json, amount: int) -> Json:
    return {
        "id": new_id("re"), "object": "refund", "amount": amount, "balance_transaction": None,
        "charge": charged["id"], "created": call.now, "currency": charged["currency"],
        "customer": charged["customer"], "customer_account": None,
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": call.metadata(), "payment_intent": charged["payment_intent"],
        "payment_method": charged["payment_method"], "reason": call.get("reason"), "receipt_number": None,
        "source_transfer_reversal": None, "status": "succeeded", "transfer_reversal": None,
    }  # fmt: skip


def _move_money(call: Call, charged: Json, body: Json, amount: int, returned: int) -> None:
    """The amount goes back to the card; Stripe keeps its fee; the commission returned comes in."""
    details = []
    if returned:
        details = [fee_detail(-returned, "application_fee", body["currency"], "Application fee refund")]
    moved = transaction(call, "refund", -amount, body, call.account, fees=details)
    body["balance_transaction"] = moved["id"]
    call.journal("refund", -amount, body)


def _fee_share(call: Call, charged: Json, amount: int) -> int:
    """Stripe returns the commission in proportion to what is refunded; the last refund returns the rest."""
    if charged["application_fee"] is None:
        raise refused(
            f"Attempting to refund_application_fee on charge {charged['id']}, but it has no application fee.",
            param="refund_application_fee",
        )
    row = call.world.store.find(charged["application_fee"])
    assert row is not None
    left: int = row.body["amount"] - row.body["amount_refunded"]
    share = left
    if not charged["refunded"]:
        share = min(left, (2 * row.body["amount"] * amount + charged["amount"]) // (2 * charged["amount"]))
    if share:
        refund_fee(call, row, share, charged, {})
    return share


def refund_fee(call: Call, fee: Row, amount: int, charged: Json, metadata: Json) -> Json:
    """Move commission back from the platform to the account that paid it."""
    body: Json = {
        "id": new_id("fr"), "object": "fee_refund", "amount": amount, "balance_transaction": None,
        "created": call.now, "currency": fee.body["currency"], "fee": fee.body["id"], "metadata": metadata,
    }  # fmt: skip
    moved = transaction(
        call, "application_fee_refund", -amount, body, PLATFORM_ACCOUNT, category="platform_earning_refund"
    )
    body["balance_transaction"] = moved["id"]
    fee.body["amount_refunded"] += amount
    fee.body["refunded"] = fee.body["amount_refunded"] == fee.body["amount"]
    call.world.store.save(PLATFORM_ACCOUNT, fee.body)
    call.world.store.save(PLATFORM_ACCOUNT, body)
    entry = {**body, "payment_intent": charged["payment_intent"], "metadata": charged["metadata"]}
    call.journal("application_fee_refund", -amount, entry, PLATFORM_ACCOUNT)
    call.journal("application_fee_refund", amount, entry, fee.body["account"])
    call.emit("application_fee.refunded", fee.body, account=PLATFORM_ACCOUNT)
    return body


def retrieve(call: Call) -> Json:
    return call.named("refund").body


def update(call: Call) -> Json:
    body = call.named("refund").body
    call.merge_metadata(body)
    call.save(body)
    call.emit("refund.updated", body)
    return body


def list_all(call: Call) -> Json:
    return page(call, "refund", {name: call.get(name) for name in ("charge", "payment_intent")})


def of_charge(call: Call, charge_id: str) -> Json:
    """The list inside a charge, given only when expanded."""
    inner = Call(call.world, call.account, {}, url=f"/v1/charges/{charge_id}/refunds")
    return page(inner, "refund", {"charge": charge_id})


def settle(call: Call, body: Json, succeeds: bool) -> None:
    """What a bank says some time after: the pending refund is done, or the one thought done has failed."""
    if succeeds:
        body["status"] = "succeeded"
        call.save(body)
        call.emit("refund.updated", body)
        return
    moved = transaction(call, "refund_failure", body["amount"], body, call.account)
    body.update(status="failed", failure_reason="expired_or_canceled_card", failure_balance_transaction=moved["id"])
    charged = call.load("charge", body["charge"]).body
    charged["amount_refunded"] -= body["amount"]
    charged["refunded"] = False
    call.save(charged)
    call.save(body)
    call.journal("refund_failure", body["amount"], body)
    call.emit("refund.updated", body)
    call.emit("refund.failed", body)


def list_fees(call: Call) -> Json:
    return page(call, "application_fee", {"charge": call.get("charge")})


def retrieve_fee(call: Call) -> Json:
    return _with_refunds(call, call.named("application_fee").body)


def _with_refunds(call: Call, fee: Json) -> Json:
    url = f"/v1/application_fees/{fee['id']}/refunds"
    fee["refunds"] = page(Call(call.world, call.account, {}, url=url), "fee_refund", {"charge": fee["id"]})
    return fee


def create_fee_refund(call: Call) -> Json:
    fee = call.named("application_fee")
    left: int = fee.body["amount"] - fee.body["amount_refunded"]
    amount: int = call.get("amount", left)
    if left == 0:
        raise refused(f"Application fee {fee.body['id']} has already been refunded.")
    if amount > left:
        raise refused(f"Refund amount ({amount}) is greater than unrefunded amount on fee ({left})", param="amount")
    charged = call.world.store.find(fee.body["charge"])
    assert charged is not None
    body = refund_fee(call, fee, amount, charged.body, call.metadata())
    transaction(
        call, "adjustment", amount, body, fee.body["account"], category="fee",
        description="Application fee refund",
    )  # fmt: skip
    return body


def list_fee_refunds(call: Call) -> Json:
    fee = call.named("application_fee")
    return page(call, "fee_refund", {"charge": fee.body["id"]})


def retrieve_fee_refund(call: Call) -> Json:
    return call.load("fee_refund", call.path["refund"]).body
