"""What goes to Stripe and comes back, as plain values. Amounts in minor units; instants in UTC."""

from dataclasses import dataclass, field
from datetime import date, datetime

#: What names, on an intent of a hosted page, the key that the page was opened with.
OWN_PAGE = "tremplin_page"


@dataclass(frozen=True)
class Card:
    """A saved card, as much of it as we may keep."""

    payment_method: str
    last4: str
    expires: date


@dataclass(frozen=True)
class Intent:
    """A payment as it stands. `fee` is Stripe's own, None while not known; `action_url` is the bank's page."""

    id: str
    status: str
    amount: int
    currency: str
    charge: str = ""
    fee: int | None = None
    commission: int = 0
    action_url: str = ""
    decline_code: str = ""
    error_code: str = ""
    advice: str = ""
    payment_method: str = ""
    card: Card | None = None
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def succeeded(self) -> bool:
        return self.status == "succeeded"

    @property
    def asks_bank(self) -> bool:
        return self.status == "requires_action" or "authentication_required" in (self.error_code, self.decline_code)


@dataclass(frozen=True)
class Session:
    """A hosted page as it stands: `open`, `complete` or `expired`. What was paid or saved is there once complete."""

    id: str
    url: str
    status: str
    intent: Intent | None = None
    card: Card | None = None


@dataclass(frozen=True)
class Line:
    name: str
    unit_amount: int
    quantity: int


@dataclass(frozen=True)
class SessionRequest:
    """What a hosted page is asked to show and do. `lines` is empty where a card is only saved."""

    key: str
    customer: str
    currency: str
    lines: list[Line]
    commission: int
    success_url: str
    cancel_url: str
    expires_at: datetime
    text: str
    language: str
    metadata: dict[str, str]


@dataclass(frozen=True)
class MadeRefund:
    """A refund as it stands. `commission` is what of ours came back with it; `moved`: the balance has changed by it.

    `row` names our own row, empty for one made elsewhere; `failure` says why the bank sent the money back.
    """

    id: str
    intent: str
    status: str
    amount: int
    currency: str
    commission: int
    moved: bool
    row: str = ""
    failure: str = ""

    @property
    def has_failed(self) -> bool:
        return self.status in ("failed", "canceled")


@dataclass(frozen=True)
class Contested:
    """A dispute as it stands. `withdrawn` and `reinstated`: what left the balance and came back; `fee` is Stripe's."""

    id: str
    intent: str
    status: str
    reason: str
    amount: int
    currency: str
    withdrawn: int
    reinstated: int
    fee: int
    opened_at: datetime
    answer_by: datetime | None = None


@dataclass(frozen=True)
class Warned:
    """A bank's early word of fraud as it stands."""

    id: str
    intent: str
    kind: str
    actionable: bool
    warned_at: datetime


@dataclass(frozen=True)
class EventHead:
    """What we keep of an event; its object is read back rather than believed.

    `reference`: the key of the hosted page that it is of.
    """

    id: str
    account: str
    kind: str
    object_id: str
    reference: str
    created_at: datetime
