"""What can be read of the money: charges, balance transactions, balance, disputes, warnings."""

from sandbox.stripe import disputing
from sandbox.stripe.errors import Json
from sandbox.stripe.listing import page, paged
from sandbox.stripe.world import Call


def retrieve_charge(call: Call) -> Json:
    return call.named("charge").body


def update_charge(call: Call) -> Json:
    body = call.named("charge").body
    if "description" in call.params:
        body["description"] = call.params["description"]
    call.merge_metadata(body)
    call.save(body)
    call.emit("charge.updated", body)
    return body


def list_charges(call: Call) -> Json:
    if call.get("payment_intent"):
        intent = call.load("payment_intent", call.params["payment_intent"], "payment_intent", 400)
        return page(call, "charge", {"payment_intent": intent.body["id"]})
    customer = call.referred("customer", "customer")
    return page(call, "charge", {"customer": customer and customer.body["id"]})


def dated(call: Call, body: Json) -> Json:
    """Whether a transaction's money is available depends on the clock."""
    body["status"] = "available" if body["available_on"] <= call.now else "pending"
    return body


def retrieve_transaction(call: Call) -> Json:
    return dated(call, call.named("balance_transaction").body)


def list_transactions(call: Call) -> Json:
    where, values = ["account=?", "kind='balance_transaction'"], [call.account]
    for name, column in (
        ("source", "charge"),
        ("type", "json_extract(body,'$.type')"),
        ("currency", "json_extract(body,'$.currency')"),
    ):
        if call.get(name) is not None:
            where.append(f"{column}=?")
            values.append(call.params[name])
    if call.get("payout") is not None:
        payout = call.load("payout", call.params["payout"], "payout", 400)
        where.append("json_extract(inner,'$.payout')=?")
        values.append(payout.body["id"])
    answer = paged(call, "objects", where, values)
    answer["data"] = [dated(call, body) for body in answer["data"]]
    return answer


def balance(call: Call) -> Json:
    """Available and pending money of the account, by currency."""
    found = call.world.store.db.execute(
        "SELECT json_extract(body,'$.currency'), json_extract(body,'$.available_on') <= ?,"
        " sum(json_extract(body,'$.net')) FROM objects WHERE account=? AND kind='balance_transaction' GROUP BY 1, 2",
        (call.now, call.account),
    ).fetchall()
    sums: dict[str, list[int]] = {}
    for currency, available, net in found:
        sums.setdefault(currency, [0, 0])[0 if available else 1] = net
    if not sums:
        sums["cad"] = [0, 0]
    return {
        "object": "balance", "available": _side(sums, 0), "livemode": False, "pending": _side(sums, 1),
        "connect_reserved": [{"amount": 0, "currency": currency} for currency in sums],
    }  # fmt: skip


def _side(sums: dict[str, list[int]], side: int) -> list[Json]:
    return [
        {"amount": both[side], "currency": currency, "source_types": {"card": both[side]}}
        for currency, both in sums.items()
    ]


def retrieve_dispute(call: Call) -> Json:
    return call.named("dispute").body


def list_disputes(call: Call) -> Json:
    return page(call, "dispute", {name: call.get(name) for name in ("charge", "payment_intent")})


def update_dispute(call: Call) -> Json:
    body = call.named("dispute").body
    call.merge_metadata(body)
    call.save(body)
    call.emit("charge.dispute.updated", body)
    return body


def close_dispute(call: Call) -> Json:
    """Closing is accepting: the dispute is lost."""
    return disputing.close(call, call.named("dispute").body, won=False)


def retrieve_warning(call: Call) -> Json:
    return call.named("radar.early_fraud_warning").body


def list_warnings(call: Call) -> Json:
    filters = {name: call.get(name) for name in ("charge", "payment_intent")}
    return page(call, "radar.early_fraud_warning", filters)
