"""Lists as Stripe pages them: newest first, `starting_after`, `ending_before`, `has_more`."""

from typing import Any

from .errors import Json, missing, refused
from .world import Call

_COLUMNS = {
    "customer": "customer",
    "payment_intent": "intent",
    "charge": "charge",
    "source": "charge",
    "status": "status",
}
_BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def as_list(url: str, data: list[Json], has_more: bool = False) -> Json:
    return {"object": "list", "data": data, "has_more": has_more, "url": url}


def page(call: Call, kind: str, filters: Json | None = None) -> Json:
    """One page of this account's objects of a kind, filtered by indexed columns."""
    where, values = ["account=?", "kind=?", "status IS NOT 'deleted'"], [call.account, kind]
    for name, value in (filters or {}).items():
        if value is not None:
            where.append(f"{_COLUMNS[name]}=?")
            values.append(value)
    return paged(call, "objects", where, values)


def paged(call: Call, table: str, where: list[str], values: list[Any]) -> Json:
    """The page that the call's `limit`, cursors and `created` ask for."""
    for bound, moment in call.get("created", {}).items():
        where.append(f"created{_BOUNDS[bound]}?")
        values.append(moment)
    limit = call.get("limit", 10)
    if not 1 <= limit <= 100:
        raise refused("This value must be between 1 and 100.", "parameter_invalid_integer", "limit", saved=False)
    after, before = call.get("starting_after"), call.get("ending_before")
    for param, cursor in (("starting_after", after), ("ending_before", before)):
        if cursor is not None:
            _refuse_foreign(call, table, cursor, param)
    data, more = call.world.store.query(table, where, values, limit, after, before)
    return as_list(call.url, data, more)


def _refuse_foreign(call: Call, table: str, cursor: str, param: str) -> None:
    found = call.world.store.db.execute(
        f"SELECT 1 FROM {table} WHERE id=? AND account=?",
        (cursor, call.account),
    ).fetchone()
    if found is None:
        raise missing("object", cursor, param, 400)


def slice_of(call: Call, data: list[Json]) -> Json:
    """A page of a short list that lives inside an object (line items), oldest first."""
    ids = [item["id"] for item in data]
    start = ids.index(call.params["starting_after"]) + 1 if call.get("starting_after") in ids else 0
    end = ids.index(call.params["ending_before"]) if call.get("ending_before") in ids else len(ids)
    limit = call.get("limit", 10)
    chosen = data[start:end]
    return as_list(call.url, chosen[:limit], len(chosen) > limit)
