"""Payments: charged once off-session, mended on the same PaymentIntent."""

from collections.abc import Iterable
from datetime import datetime

import stripe
from stripe.params import PaymentIntentCreateParams, PaymentIntentListParams

from pledges.gateway.cards import as_card
from pledges.gateway.client import acting_on, client, on
from pledges.gateway.errors import Refused, translated
from pledges.gateway.types import Intent

EXPAND = ["latest_charge.balance_transaction", "payment_method"]

#: Where our own row is named in the metadata of a PaymentIntent: how it is found once its key is forgotten.
OWN_ROW = "tremplin_payment"
#: And the pledge that it is of, on everything that a pledge pays by.
OWN_PLEDGE = "tremplin_pledge"


def own_metadata(found: stripe.PaymentIntent | stripe.Refund | stripe.Customer) -> dict[str, str]:
    """What we wrote on an object, as a plain dict."""
    written = found.metadata
    return dict(written.to_dict()) if isinstance(written, stripe.StripeObject) else {}


def as_intent(intent: stripe.PaymentIntent) -> Intent:
    """Our view of a PaymentIntent, with what was expanded."""
    charge = intent.latest_charge if isinstance(intent.latest_charge, stripe.Charge) else None
    error = intent.last_payment_error
    action = intent.next_action.redirect_to_url if intent.next_action else None
    return Intent(
        id=intent.id,
        status=intent.status,
        amount=intent.amount,
        currency=intent.currency.upper(),
        charge=charge.id if charge else str(intent.latest_charge or ""),
        fee=_fee(charge),
        commission=intent.application_fee_amount or 0,
        action_url=(action.url or "") if action else "",
        decline_code=getattr(error, "decline_code", None) or "",
        error_code=getattr(error, "code", None) or "",
        advice=getattr(error, "advice_code", None) or "",
        payment_method=intent.payment_method if isinstance(intent.payment_method, str) else "",
        card=as_card(intent.payment_method),
        metadata=own_metadata(intent),
    )


def _fee(charge: stripe.Charge | None) -> int | None:
    """Stripe's own fee; empty until the balance transaction exists (asynchronous capture)."""
    transaction = charge.balance_transaction if charge else None
    if not isinstance(transaction, stripe.BalanceTransaction):
        return None
    return sum(detail.amount for detail in transaction.fee_details if detail.type == "stripe_fee")


def charge(
    account: str,
    key: str,
    *,
    amount: int,
    currency: str,
    commission: int,
    customer: str,
    payment_method: str,
    metadata: dict[str, str],
) -> Intent:
    """Charge a saved card while its owner is away. Raises Declined, Refused or Unavailable."""
    params: PaymentIntentCreateParams = {
        "amount": amount,
        "currency": currency.lower(),
        "customer": customer,
        "payment_method": payment_method,
        "allowed_payment_method_types": ["card"],
        "off_session": True,
        "confirm": True,
        "metadata": metadata,
        "expand": EXPAND,
    }
    if commission:  # Stripe: an application fee is a positive amount, or left out
        params["application_fee_amount"] = commission
    with translated():
        intent = client(account).v1.payment_intents.create(params, acting_on(account, key))
    return as_intent(intent)


def confirm(account: str, key: str, intent: str, *, payment_method: str, return_url: str) -> Intent:
    """Confirm the same payment with its owner present; `action_url` is where the bank wants to see them, if it does.

    Raises Declined, Refused or Unavailable.
    """
    with translated():
        confirmed = client(account).v1.payment_intents.confirm(
            intent,
            {"payment_method": payment_method, "return_url": return_url, "expand": EXPAND},
            acting_on(account, key),
        )
    return as_intent(confirmed)


def charge_again(account: str, key: str, intent: str, *, payment_method: str) -> Intent:
    """Confirm the same payment with a saved card while its owner is away. Raises Declined, Refused or Unavailable."""
    with translated():
        confirmed = client(account).v1.payment_intents.confirm(
            intent, {"payment_method": payment_method, "off_session": True, "expand": EXPAND}, acting_on(account, key)
        )
    return as_intent(confirmed)


def cancel_payment(account: str, intent: str) -> Intent:
    """Make sure that a payment can never be made any more; one that was made meanwhile is answered as it is.

    Cancelling has one effect however often it is asked for, and needs no key. Raises Refused (unknown there) or
    Unavailable.
    """
    try:
        with translated():
            client(account).v1.payment_intents.cancel(intent, {"cancellation_reason": "abandoned"}, acting_on(account))
    except Refused as refused:
        if refused.is_gone:
            raise
    return read_payment(account, intent)


def read_payment(account: str, intent: str) -> Intent:
    """The payment as it stands now. Raises Refused or Unavailable."""
    with translated():
        found = client(account).v1.payment_intents.retrieve(intent, {"expand": EXPAND}, on(account))
    return as_intent(found)


def intent_of_charge(account: str, charge_id: str) -> str:
    """The payment that a charge belongs to. Raises Refused or Unavailable."""
    with translated():
        return str(client(account).v1.charges.retrieve(charge_id, options=on(account)).payment_intent or "")


def find_payment(account: str, customer: str, row: str) -> Intent | None:
    """The payment made for one of our rows, once its idempotency key may have been forgotten.

    Raises Refused (no such customer any more) or Unavailable.
    """
    with translated():
        listed = client(account).v1.payment_intents.list({"customer": customer, "limit": 100}, on(account))
        match = _of_row(listed.auto_paging_iter(), row)
    return read_payment(account, match.id) if match else None


def find_payment_between(account: str, since: datetime, until: datetime, row: str) -> Intent | None:
    """The same among all that were made in a span of time, whoever their customer. Raises Unavailable."""
    params: PaymentIntentListParams = {
        "created": {"gte": int(since.timestamp()), "lte": int(until.timestamp())},
        "limit": 100,
    }
    with translated():
        listed = client(account).v1.payment_intents.list(params, on(account))
        match = _of_row(listed.auto_paging_iter(), row)
    return read_payment(account, match.id) if match else None


def _of_row(found: Iterable[stripe.PaymentIntent], row: str) -> stripe.PaymentIntent | None:
    return next((one for one in found if own_metadata(one).get(OWN_ROW) == row), None)
