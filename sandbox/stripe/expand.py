"""`expand[]`: an id in an answer replaced by the object it names, at any depth up to four."""

from . import PLATFORM_ACCOUNT
from .errors import ApiError, Json, invalid
from .listing import as_list
from .resources import money, refunds
from .world import Call

_KINDS = {
    "customer": "customer", "payment_method": "payment_method", "payment_intent": "payment_intent",
    "setup_intent": "setup_intent", "latest_charge": "charge", "charge": "charge",
    "balance_transaction": "balance_transaction", "failure_balance_transaction": "balance_transaction",
    "application_fee": "application_fee", "fee": "application_fee", "account": "account",
    "originating_transaction": "charge", "default_payment_method": "payment_method",
    "destination": "bank_account",
}  # fmt: skip
DEEPEST = 4


def expand(call: Call, answer: Json, paths: list[str]) -> None:
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST:
            raise invalid(f"You cannot expand more than {DEEPEST} levels of a property. Property: {path}", "expand")
        _expand(call, answer, steps, path)


def _expand(call: Call, node: Json, steps: list[str], path: str) -> None:
    step, rest = steps[0], steps[1:]
    if step == "data" and isinstance(node.get("data"), list):
        for item in node["data"]:
            _expand(call, item, rest, path)
        return
    if step not in node and not _include(call, node, step):
        raise _cannot(step)
    value = node[step]
    if isinstance(value, str) or (value is None and step in _KINDS):
        node[step] = value = None if value is None else _load(call, node, step, value)
    elif not isinstance(value, dict) or not (rest or "object" in value):
        raise _cannot(step)
    if rest and isinstance(value, dict):
        _expand(call, value, rest, path)


def _include(call: Call, node: Json, step: str) -> bool:
    """Lists that an object carries only when asked for."""
    kind = node.get("object")
    if kind == "checkout.session" and step == "line_items":
        items = call.load("checkout.session", node["id"]).inner["items"]
        node["line_items"] = as_list(f"/v1/checkout/sessions/{node['id']}/line_items", items[:10], len(items) > 10)
        return True
    if kind == "charge" and step == "refunds":
        node["refunds"] = refunds.of_charge(call, node["id"])
        return True
    return False


def _load(call: Call, node: Json, step: str, object_id: str) -> Json:
    kinds = {_KINDS.get(step)} | (
        {"charge", "refund", "application_fee", "dispute", "fee_refund", "payout"} if step == "source" else set()
    )
    row = call.world.store.find(object_id)
    if row is None or row.kind not in kinds or row.account not in (call.account, PLATFORM_ACCOUNT):
        raise _cannot(step)
    return money.dated(call, row.body) if row.kind == "balance_transaction" else row.body


def _cannot(step: str) -> ApiError:
    return invalid(
        f"This property cannot be expanded ({step}). You may want to try expanding a different property.", "expand"
    )
