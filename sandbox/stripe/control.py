"""The sandbox's own handles under /_sandbox: clock, faults, journal, and what Stripe might do by itself."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from . import checkout, disputing, due, paying_out
from .errors import ApiError, Json
from .resources import accounts
from .store import Row
from .world import Call, World

Action = Callable[[World, Json, dict[str, Any]], Json]


class Unfit(Exception):
    """A control request that cannot be meant; answered as 400 with the reason."""


def health(world: World, given: Json, path: Json) -> Json:
    return {"ok": True}


def read_clock(world: World, given: Json, path: Json) -> Json:
    return {"now": world.clock.now()}


def set_clock(world: World, given: Json, path: Json) -> Json:
    """Forward only; what falls due on the way (Sessions, refunds) happens before the answer."""
    if set(given) not in ({"advance"}, {"now"}):
        raise Unfit('Send {"advance": seconds} or {"now": unix time}.')
    try:
        if "advance" in given:
            world.clock.advance(int(given["advance"]))
        else:
            world.clock.set(int(given["now"]))
    except ValueError as error:
        raise Unfit(str(error)) from error
    return {"now": world.clock.now(), "done": due.run(world)}


def order_faults(world: World, given: Json, path: Json) -> Json:
    """`next`: coming calls. `webhooks`: coming events. `capture_delay`: seconds. `seed`: repeatable chance."""
    unknown = set(given) - {"next", "webhooks", "seed", "capture_delay"} or set(given.get("webhooks", {})) - _LOSSES
    if unknown:
        raise Unfit(f"Unknown: {', '.join(sorted(unknown))}")
    try:
        world.faults.order(given.get("next", []), given.get("seed"))
    except ValueError as error:
        raise Unfit(str(error)) from error
    if "seed" in given:
        world.events.random.seed(given["seed"])
    if "capture_delay" in given:
        world.faults.capture_delay = int(given["capture_delay"])
    if "webhooks" in given:
        world.events.loss = given["webhooks"]
    return {"ok": True}


_LOSSES = {"drop", "double", "shuffle", "delay"}


def clear_faults(world: World, given: Json, path: Json) -> Json:
    world.faults.clear()
    world.events.loss = {}
    return {"ok": True}


def reset(world: World, given: Json, path: Json) -> Json:
    world.events.loss = {}
    world.store.reset()
    return {"ok": True}


def state(world: World, given: Json, path: Json) -> Json:
    """Counts of objects by kind and status, of events, deliveries and journal lines."""
    db = world.store.db
    objects: dict[str, dict[str, int]] = {}
    for kind, status, count in db.execute("SELECT kind, coalesce(status,''), count(*) FROM objects GROUP BY 1, 2"):
        objects.setdefault(kind, {})[status or "all"] = count
    return {
        "now": world.clock.now(),
        "objects": objects,
        "events": dict(db.execute("SELECT type, count(*) FROM events GROUP BY 1").fetchall()),
        "deliveries": dict(db.execute("SELECT state, count(*) FROM deliveries GROUP BY 1").fetchall()),
        "journal": dict(db.execute("SELECT kind, count(*) FROM journal GROUP BY 1").fetchall()),
    }


def pay(world: World, given: Json, path: Json) -> Json:
    """Pay a Session by the page's own code. `bank` answers a 3-D Secure page: complete or fail."""
    if set(given) - {"card", "name", "email", "bank"}:
        raise Unfit('Send {"card": number, "name", "email", "bank": "complete"|"fail"}.')
    session = _find(world, path["id"], "checkout.session")
    if session.body["status"] != "open":
        raise Unfit(f"This Checkout Session is {session.body['status']}.")
    email = given.get("email") or (session.body["customer_details"] or {}).get("email") or "backer@example.com"
    typed = checkout.Typed(
        str(given.get("card", "4242424242424242")), 12, 2034, "123", given.get("name", "Camille Roy"), email
    )
    call = world.call(session.account)
    outcome = checkout.submit(call, session, typed)
    if outcome.state == "bank" and "bank" in given:
        outcome = _through_bank(call, session, given["bank"] == "complete")
    return {"state": outcome.state, "url": outcome.url, "error": outcome.error, "session": session.body}


def _through_bank(call: Call, session: Row, passed: bool) -> checkout.Outcome:
    kind = "setup_intent" if session.body["mode"] == "setup" else "payment_intent"
    intent = call.load(kind, session.body[kind])
    checkout.answer_bank(call, intent, passed)
    if intent.body["status"] == "succeeded":
        return checkout.Outcome("done", checkout.complete(call, session))
    return checkout.Outcome(
        "declined", error=intent.body.get("last_payment_error") or intent.body.get("last_setup_error")
    )


def set_account(world: World, given: Json, path: Json) -> Json:
    """Complete an account's onboarding, flip its flags, or revoke the platform's access to it."""
    flags = {name: bool(given[name]) for name in _FLAGS if name in given}
    if set(given) - _FLAGS - {"complete", "deauthorized"}:
        raise Unfit(f"Send some of: complete, deauthorized, {', '.join(sorted(_FLAGS))}.")
    row = _find(world, path["id"], "account")
    call = world.call(row.account)
    if given.get("complete"):
        accounts.complete(call, row.body)
    if flags:
        accounts.set_flags(call, row.body, flags)
    if "deauthorized" in given:
        row.inner["deauthorized"] = bool(given["deauthorized"])
        call.save(row.body, row.inner)
        application = {
            "id": call.world.call(row.body["id"]).application,
            "object": "application",
            "name": "Tremplin",
        }
        what = "deauthorized" if given["deauthorized"] else "authorized"
        call.emit(f"account.application.{what}", application, account=row.body["id"])
    return row.body


_FLAGS = {"charges_enabled", "payouts_enabled", "details_submitted"}


def set_method(world: World, given: Json, path: Json) -> Json:
    """From now on the issuer answers so for this card: a decline code, or null for yes."""
    if set(given) != {"decline_code"}:
        raise Unfit('Send {"decline_code": "do_not_honor"} or {"decline_code": null}.')
    row = _find(world, path["id"], "payment_method")
    row.inner["decline_code"] = given["decline_code"]
    world.store.save(row.account, row.body, row.inner)
    return row.body


def close_dispute(world: World, given: Json, path: Json) -> Json:
    if given.get("status") not in ("won", "lost"):
        raise Unfit('Send {"status": "won"} or {"status": "lost"}.')
    row = _find(world, path["id"], "dispute")
    return disputing.close(world.call(row.account), row.body, given["status"] == "won")


def pay_out(world: World, given: Json, path: Json) -> Json:
    """What is available leaves for the bank now; `held`: what is held too; `arrives`: and is there at once."""
    if set(given) - {"arrives", "held"}:
        raise Unfit('Send {} or some of {"held": true, "arrives": true}.')
    account = _find(world, path["id"], "account").body["id"]
    if given.get("held"):
        paying_out.release(world.call(account))
    body = paying_out.pay_out(world.call(account))
    if body is None:
        raise Unfit("Nothing is available.")
    return paying_out.arrive(world.call(account), body) if given.get("arrives") else body


def settle_payout(world: World, given: Json, path: Json) -> Json:
    """What the bank says of a payout."""
    if given.get("status") not in ("paid", "failed"):
        raise Unfit('Send {"status": "paid"} or {"status": "failed"}.')
    row = _find(world, path["id"], "payout")
    settle = paying_out.arrive if given["status"] == "paid" else paying_out.fail
    return settle(world.call(row.account), row.body)


def _find(world: World, object_id: str, kind: str) -> Row:
    row = world.store.find(object_id)
    if row is None or row.kind != kind:
        raise Unfit(f"No such {kind}: {object_id}")
    return row


def journal(world: World, request: Request) -> Response:
    """Money moved, one JSON object a line, oldest first; of one account or of all."""
    account = request.query_params.get("account")
    found = world.store.db.execute(
        "SELECT at, account, kind, amount, currency, object, payment_intent, metadata FROM journal"
        + (" WHERE account=?" if account else "") + " ORDER BY seq",
        (account,) if account else (),
    )  # fmt: skip
    names = ("at", "account", "kind", "amount", "currency", "object", "payment_intent")
    lines = (
        json.dumps({**dict(zip(names, row, strict=False)), "metadata": json.loads(row[-1])}, ensure_ascii=False) + "\n"
        for row in found
    )
    return PlainTextResponse("".join(lines), media_type="application/x-ndjson")


def _endpoint(world: World, action: Action) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        text = await request.body()
        try:
            given = json.loads(text) if text else {}
            if not isinstance(given, dict):
                raise Unfit("Send a JSON object.")
            with world.store.transaction():
                answer = action(world, given, dict(request.path_params))
        except (Unfit, json.JSONDecodeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        except ApiError as error:
            return JSONResponse(error.body, error.status)
        return JSONResponse(answer)

    return endpoint


_ROUTES: list[tuple[str, str, Action]] = [
    ("GET", "/health", health), ("GET", "/clock", read_clock), ("POST", "/clock", set_clock),
    ("POST", "/faults", order_faults), ("DELETE", "/faults", clear_faults), ("POST", "/reset", reset),
    ("GET", "/state", state), ("POST", "/checkout/{id}/pay", pay), ("POST", "/accounts/{id}", set_account),
    ("POST", "/payment_methods/{id}", set_method), ("POST", "/disputes/{id}", close_dispute),
    ("POST", "/accounts/{id}/payout", pay_out), ("POST", "/payouts/{id}", settle_payout),
]  # fmt: skip


def routes(world: World) -> list[Route]:
    async def read_journal(request: Request) -> Response:
        return journal(world, request)

    return [
        *(Route(f"/_sandbox{path}", _endpoint(world, action), methods=[method]) for method, path, action in _ROUTES),
        Route("/_sandbox/journal", read_journal),
    ]
