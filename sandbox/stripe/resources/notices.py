"""Events to read back, and the webhook endpoints they are sent to."""

from sandbox.stripe import API_VERSION, PLATFORM_ACCOUNT
from sandbox.stripe.errors import ApiError, Json, invalid, missing
from sandbox.stripe.events import KEPT
from sandbox.stripe.ids import new_id
from sandbox.stripe.listing import page, paged
from sandbox.stripe.world import Call


def retrieve_event(call: Call) -> Json:
    event = call.world.events.find(call.path["id"], call.account)
    if event is None or event["created"] < call.now - KEPT:
        raise missing("event", call.path["id"])
    return event


def list_events(call: Call) -> Json:
    """Newest first, 30 days back, by `type` or `types[]`; `charge.*` is a prefix."""
    where, values = ["account=?", "created>=?"], [call.account, call.now - KEPT]
    kinds = call.get("types", [])
    if call.get("type") is not None:
        if kinds:
            raise invalid("You may only specify one of these parameters: type, types.", "type")
        kinds = [call.params["type"]]
    if kinds:
        where.append(f"({' OR '.join(['type GLOB ?'] * len(kinds))})")
        values.extend(kinds)
    if call.get("delivery_success") is not None:
        is_out = "EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event=events.id AND state<>'sent')"
        where.append(f"NOT {is_out}" if call.params["delivery_success"] else is_out)
    answer = paged(call, "events", where, values)
    answer["data"] = [call.world.events.with_pending(event) for event in answer["data"]]
    return answer


def create_endpoint(call: Call) -> Json:
    """The secret is answered here and never again, as Stripe does."""
    _platform_only(call)
    scope = ["connect"] if call.get("connect") else ["platform"]
    body = register(call, call.params["url"], call.params["enabled_events"], scope, f"whsec_{new_id('x', 32)[2:]}")
    body["description"] = call.get("description")
    body["metadata"] = call.metadata()
    call.save(body)
    secret = call.load("webhook_endpoint", body["id"]).inner["secret"]
    return {**body, "secret": secret}


def register(call: Call, url: str, kinds: list[str], scope: list[str], secret: str) -> Json:
    """One endpoint; `scope` says whether it hears the platform, connected accounts, or both."""
    body: Json = {
        "id": new_id("we"), "object": "webhook_endpoint", "api_version": API_VERSION, "application": None,
        "created": call.now, "description": None, "enabled_events": kinds, "livemode": False,
        "metadata": {}, "status": "enabled", "url": url,
    }  # fmt: skip
    call.save(body, {"secret": secret, "scope": scope})
    call.world.events.endpoints_changed()
    return body


def register_once(call: Call, url: str, secret: str) -> None:
    """The endpoint named on the command line: made once, its secret kept up to date."""
    found = call.world.store.db.execute(
        "SELECT id FROM objects WHERE account=? AND kind='webhook_endpoint' AND status='enabled'"
        " AND json_extract(body,'$.url')=?",
        (PLATFORM_ACCOUNT, url),
    ).fetchone()
    scope = ["platform", "connect"]
    if found is None:
        register(call, url, ["*"], scope, secret)
        return
    row = call.load("webhook_endpoint", found[0])
    call.save(row.body, {"secret": secret, "scope": scope})
    call.world.events.endpoints_changed()


def _platform_only(call: Call) -> None:
    if call.account != PLATFORM_ACCOUNT:
        raise ApiError(400, "Webhook endpoints belong to the platform: leave out the Stripe-Account header.")


def retrieve_endpoint(call: Call) -> Json:
    row = call.named("webhook_endpoint")
    if row.body.get("deleted"):
        raise missing("webhook_endpoint", row.body["id"])
    return row.body


def list_endpoints(call: Call) -> Json:
    return page(call, "webhook_endpoint")


def delete_endpoint(call: Call) -> Json:
    body = retrieve_endpoint(call)
    stub = {"id": body["id"], "object": "webhook_endpoint", "deleted": True}
    call.save(stub)
    call.world.events.endpoints_changed()
    return stub
