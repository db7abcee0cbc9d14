"""What every handler works with: the world (state, clock, settings) and one call in it."""

from dataclasses import dataclass, field
from typing import Any

from . import APPLICATION, PLATFORM_ACCOUNT
from .clock import Clock
from .errors import ApiError, Json, missing
from .events import Events
from .faults import Faults
from .ids import random_text
from .store import Row, Store, dumps


@dataclass(frozen=True)
class Settings:
    public_url: str = "http://localhost:8001"
    platform_key: str = "sk_test_tremplin"
    daily_payouts: bool = False


class World:
    """The whole sandbox. `due` work (a Session's end, a refund that fails later) follows the clock."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store = store
        self.settings = settings
        self.clock = Clock(store)
        self.events = Events(store, self.clock)
        self.faults = Faults()
        store.on_reset.append(self.faults.clear)

    def call(self, account: str, params: Json | None = None) -> "Call":
        """A call made by the sandbox itself (a hosted page, the clock), not by an API request."""
        return Call(self, account, params or {})

    def schedule(self, at: int, task: str, object_id: str) -> None:
        self.store.db.execute("INSERT INTO due (at, task, object) VALUES (?,?,?)", (at, task, object_id))


@dataclass
class Call:
    """One execution: whose objects are seen, with which parameters, for which request."""

    world: World
    account: str
    params: Json
    path: dict[str, str] = field(default_factory=dict)
    idempotency_key: str | None = None
    request_id: str | None = None
    url: str = ""

    @property
    def now(self) -> int:
        return self.world.clock.now()

    @property
    def is_platform(self) -> bool:
        return self.account == PLATFORM_ACCOUNT

    @property
    def application(self) -> str | None:
        """The platform's application, shown on objects of connected accounts."""
        return None if self.is_platform else APPLICATION

    def get(self, name: str, default: Any = None) -> Any:
        value = self.params.get(name)
        return default if value is None else value

    def save(self, body: Json, inner: Json | None = None) -> None:
        self.world.store.save(self.account, body, inner)

    def load(self, kind: str, object_id: str, param: str = "id", status: int = 404) -> Row:
        """An object of this account; any other is "No such …", also when it exists elsewhere.

        What was deleted can still be retrieved (`id`), but no parameter may refer to it.
        """
        row = self.world.store.find(object_id)
        if row is None or row.account != self.account or row.kind != kind:
            raise missing(kind, object_id, param, status)
        if row.body.get("deleted") and param != "id":
            raise missing(kind, object_id, param, status)
        return row

    def named(self, kind: str) -> Row:
        """The object named in the path."""
        return self.load(kind, self.path["id"])

    def referred(self, kind: str, param: str) -> Row | None:
        """The object a parameter names, if given (Stripe: 400 resource_missing otherwise)."""
        object_id = self.get(param)
        return None if object_id is None else self.load(kind, object_id, param, 400)

    def emit(self, kind: str, body: Json, previous: Json | None = None, account: str | None = None) -> None:
        self.world.events.emit(account or self.account, kind, body, previous, self.request_id, self.idempotency_key)

    def journal(self, kind: str, amount: int, source: Json, account: str | None = None) -> None:
        """Money that moved: the account's side of it, never an intention."""
        self.world.store.db.execute(
            "INSERT INTO journal (at, account, kind, amount, currency, object, payment_intent, metadata)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (
                self.now, account or self.account, kind, amount, source["currency"], source["id"],
                source.get("payment_intent"), dumps(source.get("metadata") or {}),
            ),
        )  # fmt: skip

    def merge_metadata(self, body: Json) -> None:
        """Stripe's rule: keys are merged, an empty value removes one, an empty hash removes all."""
        if "metadata" not in self.params:
            return
        given = self.params["metadata"]
        if given is None:
            body["metadata"] = {}
            return
        merged = {**body.get("metadata", {}), **given}
        body["metadata"] = {name: value for name, value in merged.items() if value != ""}

    def metadata(self) -> dict[str, str]:
        return {name: value for name, value in self.get("metadata", {}).items() if value != ""}


def new_request_id() -> str:
    return f"req_{random_text(14)}"


def refuse_if_cannot_charge(call: Call) -> None:
    """An account whose charges are disabled takes no payment and saves no card."""
    account = call.world.store.find(call.account)
    if account is not None and not account.body["charges_enabled"]:
        raise ApiError(
            400,
            "Your account cannot currently make charges. Complete the account's requirements first.",
            code="account_invalid",
        )
