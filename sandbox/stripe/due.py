"""What the clock brings on: Sessions that end, refunds that end later."""

from collections.abc import Callable

from . import charging, paying_out
from .errors import Json
from .resources import refunds, sessions
from .store import Row
from .world import Call, World


def _expire_session(call: Call, row: Row) -> None:
    if row.body["status"] == "open":
        sessions.end(call, row)


def _settle(succeeds: bool) -> Callable[[Call, Row], None]:
    def settle(call: Call, row: Row) -> None:
        body: Json = row.body
        if body["status"] in ("pending", "succeeded"):
            refunds.settle(call, body, succeeds)

    return settle


def _capture(call: Call, row: Row) -> None:
    charging.capture(call, row.body)


def _payout_arrives(call: Call, row: Row) -> None:
    if row.body["status"] in ("pending", "in_transit"):
        paying_out.arrive(call, row.body)


def _daily_payout(call: Call, row: Row) -> None:
    """Accounts belong to the platform, their money does not."""
    account = row.body["id"]
    if row.body["payouts_enabled"] and not row.inner.get("deauthorized"):
        paying_out.pay_out(call.world.call(account))
    paying_out.begin_daily(call.world, account)


_TASKS: dict[str, Callable[[Call, Row], None]] = {
    "capture": _capture,
    "daily_payout": _daily_payout,
    "expire_session": _expire_session,
    "payout_arrives": _payout_arrives,
    "refund_fails": _settle(False),
    "refund_succeeds_later": _settle(True),
}


def run(world: World) -> int:
    """Do all that is due by the clock, in its order; answers how much that was."""
    found = world.store.db.execute(
        "SELECT seq, task, object FROM due WHERE at<=? ORDER BY at, seq", (world.clock.now(),)
    ).fetchall()
    for seq, task, object_id in found:
        with world.store.transaction():
            row = world.store.find(object_id)
            if row is not None:
                _TASKS[task](world.call(row.account), row)
            world.store.db.execute("DELETE FROM due WHERE seq=?", (seq,))
    return len(found)
