"""Payouts, to be read: they are made by the clock or by a handle of the sandbox."""

from sandbox.stripe.errors import Json
from sandbox.stripe.listing import paged
from sandbox.stripe.world import Call

_BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def retrieve(call: Call) -> Json:
    return call.named("payout").body


def list_all(call: Call) -> Json:
    where, values = ["account=?", "kind='payout'"], [call.account]
    if call.get("status") is not None:
        where.append("status=?")
        values.append(call.params["status"])
    for bound, moment in call.get("arrival_date", {}).items():
        where.append(f"json_extract(body,'$.arrival_date'){_BOUNDS[bound]}?")
        values.append(moment)
    return paged(call, "objects", where, values)
