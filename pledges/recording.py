"""What became of a charge, written in one transaction with its ledger and its mail.

The provider's answers may be told in any order and any number of times: a return page, an event and a settlement that
read the same payment back have the same end. What happens when the process dies: nothing of it is written, and
whoever reads the payment back next writes it (pledges.charging, docs/money.md).
"""

from copy import copy
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from home import clock, outbox
from home.mail.registry import kind_of
from home.ready_queries import Ready
from home.rewriting import rewrite
from pledges import declines, gateway, ledger
from pledges.declines import Decline
from pledges.enums import PaymentState
from pledges.gateway import Intent
from pledges.models import Payment, PaymentAttempt, Settlement

#: What changes of a payment by being charged; what it belongs to stays as it was read.
MOVING = [
    "state",
    "commission",
    "processing_fee",
    "stripe_intent",
    "stripe_charge",
    "decline_code",
    "lease_token",
    "lease_until",
    "retry_at",
    "paid_at",
]

#: What its backer may still mend, until the grace ends.
TO_MEND = (PaymentState.ACTION, PaymentState.MEND)

#: How long payments that could not be made are left to their backers (counted by a campaign's settlement).
GRACE = timedelta(days=7)
#: Days of the grace on which a card that may still pay is charged again; the last try comes as the grace ends.
TRY_AGAIN_ON = (1, 3, 5)


def record(payment: Payment, intent: Intent, attempt: PaymentAttempt | None = None) -> None:
    """What came back, in one transaction. A paid payment never becomes less, a dropped one only ever paid.

    `attempt`: the call that was answered. Told otherwise (by an event, say) that it is paid, its open calls are over:
    nobody makes them again.
    """
    with transaction.atomic():
        paid = _pay_due(payment, intent) if intent.succeeded else None
        now = paid or _locked(payment)
        if attempt:
            answer(attempt, intent.decline_code or intent.error_code or intent.status)
        elif intent.succeeded:
            open_calls = PaymentAttempt.objects.filter(payment=payment, answered_at=None)
            open_calls.update(answered_at=clock.now(), outcome=intent.status)
        if paid:
            _enter_paid(paid, intent.fee)
        else:
            _record_locked(now, intent, tried=attempt is not None)
    for name in MOVING:
        setattr(payment, name, getattr(now, name))


def _pay_due(payment: Payment, intent: Intent) -> Payment | None:
    """What nearly every payment of a settlement goes through, by one statement. None: it is not as it was read."""
    if (intent.amount, intent.currency) != (payment.amount, payment.currency):
        return None
    as_read = {"state": PaymentState.DUE, "processing_fee": None}
    as_read |= {name: getattr(payment, name) for name in ("amount", "currency", "taxable", "method")}
    paid = copy(payment)
    paid.cooperative = payment.pledge.cooperative
    return paid if rewrite(paid, where=as_read, **_paid(intent, intent.fee)) else None


def _paid(intent: Intent, fee: int | None) -> dict[str, Any]:
    return {
        "state": PaymentState.PAID,
        "stripe_intent": intent.id,
        "stripe_charge": intent.charge,
        "commission": intent.commission,
        "processing_fee": fee,
        "decline_code": "",
        "retry_at": None,
        "paid_at": clock.now(),
        "lease_token": None,
    }


def _record_locked(payment: Payment, intent: Intent, *, tried: bool) -> None:
    if payment.state == PaymentState.PAID:
        _record_fee(payment, intent)
    elif intent.succeeded:
        _record_paid(payment, intent)
    elif intent.status in ("requires_payment_method", "requires_action", "requires_confirmation"):
        _record_unpaid(payment, intent, tried=tried)
    elif intent.status == "canceled":
        _record_cancelled(payment)
    elif intent.status == "processing":
        rewrite(payment, stripe_intent=intent.id)


def _locked(payment: Payment) -> Payment:
    locked: Payment
    [locked] = _LOCKED(payment.pk)
    locked.cooperative = payment.pledge.cooperative
    return locked


_LOCKED = Ready(
    lambda payment_id: (
        Payment.objects.select_for_update(of=("self",)).select_related("pledge__backer").filter(pk=payment_id)
    )
)


def _record_paid(payment: Payment, intent: Intent) -> None:
    if (intent.amount, intent.currency) != (payment.amount, payment.currency):
        raise ValueError(f"Payment {payment.pk} is of {payment.amount}, and {intent.amount} was charged.")
    fee = intent.fee if payment.processing_fee is None else None
    rewrite(payment, **_paid(intent, payment.processing_fee if fee is None else fee))
    _enter_paid(payment, fee)


def _enter_paid(payment: Payment, fee: int | None) -> None:
    ledger.record_payment(payment, payment.paid_at or clock.now(), fee=fee)
    _tell(payment, "goal_met_charged")


def _tell(payment: Payment, kind: str, occasion: str = "") -> None:
    """Its backer as of now: the address may have changed since the payment was read."""
    pledge = payment.pledge
    outbox.queue(
        kind_of(kind),
        as_of_now=True,
        cooperative=payment.cooperative,
        subject_key=pledge.key,
        occasion=occasion,
        to=pledge.backer,
    )


def _record_fee(payment: Payment, intent: Intent) -> None:
    if intent.fee is not None and payment.processing_fee is None:
        rewrite(payment, processing_fee=intent.fee)
        ledger.record_fee(payment, intent.fee, clock.now())


def _record_unpaid(payment: Payment, intent: Intent, *, tried: bool) -> None:
    """`tried`: just now. Reading back what is known already moves no date. What was dropped meanwhile stays so."""
    if payment.state == PaymentState.DROPPED:
        return
    state = PaymentState.ACTION if intent.asks_bank else PaymentState.MEND
    written: dict[str, Any] = {}
    if payment.state == PaymentState.DUE:  # else the lease is the grace's
        written |= {"lease_token": None, "lease_until": None}
    if tried or payment.state != state:
        again = state == PaymentState.MEND and declines.sort_intent(intent) == Decline.SOFT
        written["retry_at"] = _next_try(payment) if again else None
    rewrite(
        payment,
        state=state,
        stripe_intent=intent.id or payment.stripe_intent,
        decline_code=intent.decline_code or intent.error_code,
        **written,
    )
    _tell(payment, "payment_to_mend", "0")


def _record_cancelled(payment: Payment) -> None:
    """The provider's payment can never be made any more, and ours may: the next charge begins another one."""
    open_ones = Payment.objects.filter(pk=payment.pk, state__in=[PaymentState.DUE, *TO_MEND])
    open_ones.filter(state__in=TO_MEND).update(state=PaymentState.MEND)
    open_ones.update(stripe_intent="", retry_at=None)
    payment.refresh_from_db(fields=MOVING)


def _next_try(payment: Payment) -> datetime | None:
    """When a card that may still pay is charged again; None where only the last try is left, as the grace ends."""
    settlement = Settlement.objects.filter(campaign=payment.pledge.campaign_id).first()
    if settlement is None:
        return None
    begun, now = settlement.grace_ends_at - GRACE, clock.now()
    later = (begun + timedelta(days=day) for day in TRY_AGAIN_ON)
    return next((moment for moment in later if now < moment < settlement.grace_ends_at), None)


def record_refused(payment: Payment, attempt: PaymentAttempt, error: gateway.Refused) -> None:
    """The provider will not take this card at all (customer or card removed there): another one is needed."""
    with transaction.atomic():
        answer(attempt, error.code or "refused")
        unpaid = Intent(
            "", "requires_payment_method", payment.amount, payment.currency, error_code=error.code or "refused"
        )
        locked = Payment.objects.select_for_update().get(pk=payment.pk)
        if locked.state != PaymentState.PAID and not locked.stripe_intent:
            _record_unpaid(locked, unpaid, tried=True)


def answer(attempt: PaymentAttempt, outcome: str) -> None:
    """What the call was answered; an answer known already stays."""
    rewrite(attempt, where={"answered_at": None}, answered_at=clock.now(), outcome=outcome[:60])
