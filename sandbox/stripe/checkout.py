"""Paying a Checkout Session: the one code path of the hosted page and of the control endpoint."""

from dataclasses import dataclass

from . import cards, paying
from .errors import ApiError, Json
from .resources import customers, payment_intents, payment_methods, setup_intents
from .resources.sessions import details
from .store import Row
from .world import Call


@dataclass(frozen=True)
class Typed:
    """What the buyer typed on the page."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str
    name: str
    email: str


@dataclass(frozen=True)
class Outcome:
    """`done`, `declined` (with the error that the page words) or `bank` (with the bank page's address)."""

    state: str
    url: str = ""
    error: Json | None = None


def submit(call: Call, session: Row, typed: Typed) -> Outcome:
    """One press of the button. The Session must be open; what is written stays, also on a decline."""
    refusal = _refusal(call, typed)
    if refusal is not None:
        return Outcome("declined", error=payment_methods.card_error(refusal).error)
    billing: Json = {"name": typed.name or None, "email": typed.email or None}
    method = payment_methods.build(call, cards.BY_NUMBER[typed.number], typed.exp_month, typed.exp_year, billing)
    session.inner["typed"] = {"name": typed.name or None, "email": typed.email or None}
    intent = _intent(call, session)
    call.save(session.body, session.inner)
    try:
        if intent.body["object"] == "setup_intent":
            setup_intents.confirm_intent(call, intent, method, None)
        else:
            paying.confirm(call, intent, method, off_session=False, return_url=None)
    except ApiError as error:
        if not error.commits:
            raise
        return Outcome("declined", error=error.error)
    if "bank" in intent.inner:
        return Outcome("bank", url=bank_url(call, intent))
    return Outcome("done", url=complete(call, session))


def _refusal(call: Call, typed: Typed) -> cards.Decline | None:
    """What the page itself refuses before anything is sent to the bank."""
    if typed.number not in cards.BY_NUMBER:
        return cards.refusal_of(typed.number)
    return None


def bank_url(call: Call, intent: Row) -> str:
    return f"{call.world.settings.public_url}/bank/{intent.body['id']}/{intent.inner['bank']['token']}"


def _intent(call: Call, session: Row) -> Row:
    """The Session's intent: in payment mode made at the first attempt, then used again."""
    body = session.body
    if body["mode"] == "setup":
        return call.load("setup_intent", body["setup_intent"])
    if body["payment_intent"]:
        return call.load("payment_intent", body["payment_intent"])
    data = session.inner["intent_data"]
    if _wants_customer(body, data):
        _create_customer(call, session)
    intent = payment_intents.build(call, body["amount_total"], body["currency"], body["customer"], data)
    intent.body["allowed_payment_method_types"] = body["allowed_payment_method_types"]
    intent.inner["session"] = body["id"]
    call.save(intent.body, intent.inner)
    call.emit("payment_intent.created", intent.body)
    body["payment_intent"] = intent.body["id"]
    return intent


def _wants_customer(body: Json, data: Json) -> bool:
    """Stripe makes a customer when asked to, or when the card is to be kept."""
    return body["customer"] is None and (body["customer_creation"] == "always" or bool(data.get("setup_future_usage")))


def _create_customer(call: Call, session: Row) -> None:
    customer = customers.build(call, session.inner["typed"])
    call.save(customer)
    call.emit("customer.created", customer)
    session.body["customer"] = customer["id"]


def complete(call: Call, session: Row) -> str:
    """The intent has succeeded: the Session is complete, and the buyer goes to success_url."""
    body, typed = session.body, session.inner.get("typed", {})
    known = body["customer_details"] or {}
    body.update(
        status="complete", url=None,
        customer_details=details(known.get("email") or typed.get("email"), typed.get("name") or known.get("name")),
    )  # fmt: skip
    if body["mode"] == "payment":
        body["payment_status"] = "paid"
    call.save(body, session.inner)
    call.emit("checkout.session.completed", body)
    return success_url(body)


def success_url(body: Json) -> str:
    return str(body["success_url"]).replace("{CHECKOUT_SESSION_ID}", body["id"])


def answer_bank(call: Call, intent: Row, passed: bool) -> None:
    """The buyer has answered the bank's page. A decline after a passed page is written, not raised."""
    method = call.load("payment_method", intent.inner["bank"]["method"])
    setup = intent.body["object"] == "setup_intent"
    try:
        if setup and passed:
            setup_intents.succeed(call, intent, method)
        elif setup:
            setup_intents.fail_authentication(call, intent, method)
        elif passed:
            paying.attempt(call, intent, method, authenticated=True)
        else:
            paying.fail_authentication(call, intent, method)
    except ApiError as error:
        if not error.commits:
            raise
