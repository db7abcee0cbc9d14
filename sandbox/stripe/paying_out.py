"""What is available leaves for the bank: payouts, with the balance transactions that each of them holds."""

from .charging import transaction
from .errors import Json, refused
from .ids import new_id
from .world import Call, World

TRAVELS = 86400
"""Seconds of the clock until a payout is at the bank."""

DAILY = 86400
_OPEN = ("pending", "in_transit")


def release(call: Call) -> None:
    """What is held becomes available now."""
    call.world.store.db.execute(
        "UPDATE objects SET body=json_set(body,'$.available_on',?) WHERE account=? AND kind='balance_transaction'"
        " AND json_extract(body,'$.available_on') > ?",
        (call.now, call.account, call.now),
    )


def pay_out(call: Call) -> Json | None:
    """One automatic payout of all that is available and in no payout yet; None where that is nothing or less."""
    found = call.world.store.db.execute(
        "SELECT id, json_extract(body,'$.net'), json_extract(body,'$.currency') FROM objects"
        " WHERE account=? AND kind='balance_transaction' AND json_extract(body,'$.available_on') <= ?"
        " AND json_extract(inner,'$.payout') IS NULL ORDER BY seq",
        (call.account, call.now),
    ).fetchall()
    total = sum(net for _, net, _ in found)
    if total <= 0:
        return None
    body = _blank(call, total, found[0][2])
    moved = transaction(call, "payout", -total, body, call.account, description="STRIPE PAYOUT")
    _at_once(call, moved, body["id"])
    body["balance_transaction"] = moved["id"]
    call.world.store.db.executemany(
        "UPDATE objects SET inner=json_set(coalesce(inner,'{}'),'$.payout',?) WHERE id=?",
        [(body["id"], moved_id) for moved_id, _, _ in found],
    )
    call.save(body)
    call.journal("payout", -total, body)
    call.emit("payout.created", body)
    call.emit("payout.reconciliation_completed", body)
    call.world.schedule(body["arrival_date"], "payout_arrives", body["id"])
    return body


def _at_once(call: Call, moved: Json, payout_id: str) -> None:
    """What a payout takes, and what a failed one brings back, is not held."""
    moved["available_on"] = call.now
    call.save(moved, {"payout": payout_id} if moved["type"] == "payout" else {})


def _blank(call: Call, amount: int, currency: str) -> Json:
    return {
        "id": new_id("po"), "object": "payout", "amount": amount, "application_fee": None,
        "application_fee_amount": None, "arrival_date": call.now + TRAVELS, "automatic": True,
        "balance_transaction": None, "created": call.now, "currency": currency, "description": "STRIPE PAYOUT",
        "destination": _bank_account(call, currency), "failure_balance_transaction": None, "failure_code": None,
        "failure_message": None, "livemode": False, "metadata": {}, "method": "standard", "original_payout": None,
        "payout_method": None, "reconciliation_status": "completed", "reversed_by": None, "source_type": "card",
        "statement_descriptor": None, "status": "in_transit", "trace_id": {"status": "pending", "value": None},
        "type": "bank_account",
    }  # fmt: skip


def _bank_account(call: Call, currency: str) -> str:
    """The account's bank account: what onboarding would have asked for."""
    found = call.world.store.db.execute(
        "SELECT id FROM objects WHERE account=? AND kind='bank_account'", (call.account,)
    ).fetchone()
    if found is not None:
        return str(found[0])
    body: Json = {
        "id": new_id("ba"), "object": "bank_account", "account": call.account, "account_holder_name": None,
        "account_holder_type": None, "account_type": None, "available_payout_methods": ["standard"],
        "bank_name": "STRIPE TEST BANK", "country": "CA", "currency": currency, "default_for_currency": True,
        "fingerprint": new_id("x", 16)[2:], "last4": "6789", "metadata": {}, "routing_number": "11000-000",
        "status": "new",
    }  # fmt: skip
    call.save(body)
    return str(body["id"])


def arrive(call: Call, body: Json) -> Json:
    """The bank has it."""
    if body["status"] not in _OPEN:
        raise refused(f"This payout is already {body['status']}.")
    body["status"] = "paid"
    body["trace_id"] = {"status": "supported", "value": body["id"][3:15].upper()}
    call.save(body)
    call.emit("payout.paid", body)
    return body


def fail(call: Call, body: Json) -> Json:
    """The bank sends it back, within five days even of one that was paid: the money is on the balance again."""
    if body["status"] not in (*_OPEN, "paid"):
        raise refused(f"This payout is already {body['status']}.")
    moved = transaction(call, "payout_failure", body["amount"], body, call.account, description="Payout failure")
    _at_once(call, moved, body["id"])
    body.update(
        status="failed", failure_code="account_closed", failure_balance_transaction=moved["id"],
        failure_message="The bank account has been closed.",
    )  # fmt: skip
    call.save(body)
    call.journal("payout_failure", body["amount"], body)
    call.emit("payout.failed", body)
    return body


def begin_daily(world: World, account: str) -> None:
    """From now on this account is paid out each day, where the sandbox was started so."""
    if world.settings.daily_payouts:
        world.schedule(world.clock.now() + DAILY, "daily_payout", account)
