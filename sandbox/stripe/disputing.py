"""What some test cards bring on after the charge: disputes, inquiries, fraud warnings."""

from .charging import fee_detail, transaction
from .errors import Json, refused
from .ids import new_id
from .money import DISPUTE_FEE
from .world import Call

_EVIDENCE = [
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
]
_NETWORK_REASONS = {"fraudulent": "10.4", "product_not_received": "13.1", "general": "13.3"}


def follow_up(call: Call, charged: Json, after: str) -> None:
    if after == "early_fraud_warning":
        _warn(call, charged)
    elif after:
        _dispute(call, charged, after)


def _warn(call: Call, charged: Json) -> None:
    warning: Json = {
        "id": new_id("issfr"), "object": "radar.early_fraud_warning", "actionable": True,
        "charge": charged["id"], "created": call.now, "fraud_type": "made_with_stolen_card",
        "livemode": False, "payment_intent": charged["payment_intent"],
    }  # fmt: skip
    call.save(warning)
    call.emit("radar.early_fraud_warning.created", warning)


def _dispute(call: Call, charged: Json, after: str) -> None:
    inquiry = after == "inquiry"
    reason = "general" if inquiry else after
    body: Json = {
        "id": new_id("dp"), "object": "dispute", "amount": charged["amount"], "balance_transactions": [],
        "charge": charged["id"], "created": call.now, "currency": charged["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": call.now + 9 * 86400, "enhanced_eligibility": {}, "has_evidence": False,
            "past_due": False, "submission_count": 0, "submission_method": "not_submitted",
        },
        "is_charge_refundable": inquiry, "livemode": False, "metadata": {},
        "network_reason_code": _NETWORK_REASONS[reason], "payment_intent": charged["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": charged["payment_method_details"]["card"]["brand"],
                "case_type": "inquiry" if inquiry else "chargeback",
                "network": charged["payment_method_details"]["card"]["network"],
                "network_reason_code": _NETWORK_REASONS[reason],
            },
            "type": "card",
        },
        "reason": reason, "status": "warning_needs_response" if inquiry else "needs_response",
    }  # fmt: skip
    if inquiry:
        call.save(body)
    else:
        _withdraw(call, body)
    charged["disputed"] = True
    call.save(charged)
    call.emit("charge.dispute.created", body)
    if not inquiry:
        call.emit("charge.dispute.funds_withdrawn", body)


def _withdraw(call: Call, body: Json) -> None:
    """The amount and a dispute fee leave the account while the dispute is open."""
    fee = [fee_detail(DISPUTE_FEE, "stripe_fee", body["currency"], "Dispute fee")]
    moved = transaction(
        call, "adjustment", -body["amount"], body, call.account, fees=fee, category="dispute",
        description=f"Chargeback withdrawal for {body['charge']}",
    )  # fmt: skip
    body["balance_transactions"].append(moved)
    call.save(body)
    call.journal("dispute", -body["amount"], body)
    call.journal("dispute_fee", -DISPUTE_FEE, body)


def close(call: Call, body: Json, won: bool) -> Json:
    """The bank decides. Won: the amount comes back (the dispute fee does not)."""
    if body["status"] not in ("needs_response", "under_review", "warning_needs_response", "warning_under_review"):
        raise refused("This dispute is already closed.", "dispute_already_closed")
    inquiry = body["status"].startswith("warning")
    body["status"] = "warning_closed" if inquiry else ("won" if won else "lost")
    if won and not inquiry:
        moved = transaction(
            call, "adjustment", body["amount"], body, call.account, category="dispute_reversal",
            description=f"Chargeback reversal for {body['charge']}",
        )  # fmt: skip
        body["balance_transactions"].append(moved)
        call.journal("dispute_reversal", body["amount"], body)
    call.save(body)
    call.emit("charge.dispute.closed", body)
    if won and not inquiry:
        call.emit("charge.dispute.funds_reinstated", body)
    return body
