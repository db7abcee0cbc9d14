"""Charging a saved card exactly once (pledges.recording writes what became of it).

What happens when the process dies:
- before the attempt row is committed: the payment is still DUE with nothing begun;
- after it, before or during the call: the attempt has no answer. Within 23 hours the same call is made with the same
  key, and Stripe answers as it did (keys may be pruned after 24 h). Later the payment is looked up by customer and
  metadata before anything new is begun; where the customer was removed meanwhile, among all payments of those days;
- after the call, before `record`: the same. With another card by now, or no customer, the same call cannot be made
  again, and a refusal of it would say nothing: the payment is looked up first;
- a 500 is replayed for its key, and may hide a charge: the payment is looked up, and only if it is still not there a
  minute later is the attempt given up. After one that was given up, it is looked up once more before the next begins;
- two workers with the same payment in hand: the next attempt is begun under the payment's lock, so that both make the
  same call, and neither begins one once the provider's payment is known;
- in `record`: nothing of it is written, and the same call is made again.
After a backup was put back, attempts are missing that were made: what they made is known by what was written on it
(pledges.strays), and is asked for before any call.
"""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet

from home import clock
from home.inserting import insert_once
from pledges import gateway, strays
from pledges.enums import PaymentState
from pledges.gateway import Declined, Intent
from pledges.gateway.payments import OWN_ROW
from pledges.models import Payment, PaymentAttempt
from pledges.recording import answer, record, record_refused

log = logging.getLogger(__name__)

KEYS_KEPT = timedelta(hours=23)
#: How long after a 500 the provider's own lists can be taken to be complete.
SETTLED_AFTER = timedelta(minutes=1)
#: How far the provider's clock may be from ours.
AROUND = timedelta(hours=1)

#: How an attempt ends whose call may still have made a payment.
NEVER_ARRIVED, CRASHED = "never arrived", "crashed"

#: The promise has no card any more: it was removed at the provider, or its customer was.
NO_CARD = "no_card"

#: The account takes no payment at all just now: no card is at fault.
PAUSED = "account_invalid"
#: How long it is then left in peace.
PAUSE = timedelta(minutes=10)


class AccountPaused(gateway.Unavailable):
    """The cooperative's account takes no payment for now."""


def charge(payment: Payment) -> None:
    """Charge the pledge's card, or find out what an earlier attempt did. Raises Unavailable: then it stays due."""
    if not payment.stripe_intent and (earlier := strays.made_for(payment)):
        record(payment, earlier)
        return
    attempt = _very_first_attempt(payment)
    if attempt is None:
        latest = payment.attempts.order_by("-number").first()
        if latest and _may_hide_a_payment(payment, latest):
            found = look_up(payment)
            if found and found.status != "canceled":
                record(payment, found, latest)
                return
            answer(latest, NEVER_ARRIVED)
        attempt = _next_attempt(payment)
    if attempt is None:
        refresh(payment)
    elif not attempt.payment_method:
        record_refused(payment, attempt, gateway.Refused("The card was removed at the provider.", NO_CARD))
    else:
        _make(payment, attempt)


def _may_hide_a_payment(payment: Payment, attempt: PaymentAttempt) -> bool:
    """Given up, without an answer for longer than its key is kept, or one that cannot be made the same way again.

    Raises Unavailable where it may still be going on.
    """
    if attempt.answered_at:
        return attempt.outcome in (NEVER_ARRIVED, CRASHED)
    age = clock.now() - attempt.started_at
    if not payment.pledge.backer.stripe_customer or attempt.payment_method != payment.pledge.payment_method:
        if age <= SETTLED_AFTER:
            raise gateway.Unavailable(f"Payment {payment.pk} may be being made with an earlier card.")
        return True
    return age > KEYS_KEPT or age < -AROUND  # begun by a clock that was ahead: nobody knows how long ago


def _make(payment: Payment, attempt: PaymentAttempt) -> None:
    try:
        intent = _call(payment, attempt)
    except Declined as declined:
        record(payment, _after_decline(payment, declined), attempt)
    except gateway.Crashed:
        if not _find_after_crash(payment, attempt):
            raise
    except gateway.Refused as refused:
        _after_refusal(payment, attempt, refused)
    else:
        record(payment, intent, attempt)


def _find_after_crash(payment: Payment, attempt: PaymentAttempt) -> bool:
    if found := look_up(payment):
        record(payment, found, attempt)
        return True
    if clock.now() - attempt.started_at > SETTLED_AFTER:
        answer(attempt, CRASHED)
    return False


def _after_refusal(payment: Payment, attempt: PaymentAttempt, refused: gateway.Refused) -> None:
    """A key refused because it was used otherwise says that an earlier call arrived; the rest made no payment."""
    if refused.code == PAUSED:
        answer(attempt, PAUSED)
        raise AccountPaused(str(refused)) from refused
    if refused.code == "idempotency":
        if not _find_after_crash(payment, attempt):
            raise gateway.Unavailable(str(refused)) from refused
        return
    log.error("the charge of payment %s was refused: %s", payment.pk, refused)
    record_refused(payment, attempt, refused)


def _very_first_attempt(payment: Payment) -> PaymentAttempt | None:
    """The row of the first call for a payment, committed by the statement that writes it.

    None where there is an attempt, whoever wrote it: its number is taken. Where there is none, nothing was ever asked
    of the provider for this payment, so that there is nothing to find out and no lock to take.
    """
    if payment.stripe_intent:
        return None
    attempt = PaymentAttempt(
        payment=payment, number=1, payment_method=payment.pledge.payment_method, started_at=clock.now()
    )
    return attempt if insert_once(attempt) else None


def _next_attempt(payment: Payment) -> PaymentAttempt | None:
    """The attempt to make: the one without an answer, else another. None once the provider's payment is known."""
    with transaction.atomic():
        locked = Payment.objects.select_for_update().get(pk=payment.pk)
        if locked.state == PaymentState.PAID or locked.stripe_intent:
            payment.refresh_from_db(fields=["state", "stripe_intent"])
            return None
        pending = payment.attempts.filter(answered_at=None).order_by("-number").first()
        return pending or _write_attempt(payment, payment.pledge.payment_method)


def new_attempt(payment: Payment, payment_method: str) -> PaymentAttempt:
    """The row that says what is about to be asked, committed before it is."""
    with transaction.atomic():
        Payment.objects.select_for_update().get(pk=payment.pk)
        return _write_attempt(payment, payment_method)


def first_attempt(payment: Payment, payment_method: str) -> PaymentAttempt | None:
    """As `new_attempt`, for a card just given: None if it was tried before, or is being tried at this moment."""
    with transaction.atomic():
        Payment.objects.select_for_update().get(pk=payment.pk)
        earlier = attempts_with(payment, payment_method).first()
        if earlier:
            if earlier.answered_at or clock.now() - earlier.started_at <= SETTLED_AFTER:
                return None
            answer(earlier, NEVER_ARRIVED)
        return _write_attempt(payment, payment_method)


def attempts_with(payment: Payment, payment_method: str) -> QuerySet[PaymentAttempt]:
    """Attempts with one card, latest first; those that the account could not take are none."""
    return payment.attempts.filter(payment_method=payment_method).exclude(outcome=PAUSED).order_by("-number")


def _write_attempt(payment: Payment, payment_method: str) -> PaymentAttempt:
    """Call under the payment's lock."""
    latest = payment.attempts.aggregate(latest=Max("number"))["latest"] or 0
    return PaymentAttempt.objects.create(
        payment=payment, number=latest + 1, payment_method=payment_method, started_at=clock.now()
    )


def _call(payment: Payment, attempt: PaymentAttempt) -> Intent:
    return gateway.charge(
        payment.pledge.cooperative.stripe_account,
        str(attempt.key),
        amount=payment.amount,
        currency=payment.currency,
        commission=payment.commission,
        customer=payment.pledge.backer.stripe_customer,
        payment_method=attempt.payment_method,
        metadata={OWN_ROW: str(payment.pk), "tremplin_pledge": str(payment.pledge_id)},
    )


def look_up(payment: Payment) -> Intent | None:
    """A payment of ours at the provider whose id is not known here. Raises Unavailable.

    By its customer; where a call may have been made for another one, since removed, by the days of those calls.
    """
    if stray := strays.made_for(payment):
        return stray
    account, customer = payment.pledge.cooperative.stripe_account, payment.pledge.backer.stripe_customer
    try:
        found = gateway.find_payment(account, customer, str(payment.pk)) if customer else None
    except gateway.Refused as refused:
        if not refused.is_gone:
            raise
        customer, found = "", None
    return found or _look_among_all(payment, customer)


def _look_among_all(payment: Payment, customer: str) -> Intent | None:
    """A card that is not the one we have may have been another customer's: its payments are not in this one's list."""
    unknown = Q(answered_at=None) | Q(outcome__in=[NEVER_ARRIVED, CRASHED])
    calls = payment.attempts.filter(unknown).exclude(payment_method="")
    if customer:
        calls = calls.exclude(payment_method=payment.pledge.payment_method)
    span = calls.aggregate(first=Min("started_at"), last=Max("started_at"))
    if span["first"] is None:
        return None
    account = payment.pledge.cooperative.stripe_account
    return gateway.find_payment_between(
        account, span["first"] - AROUND, span["last"] + KEYS_KEPT + AROUND, str(payment.pk)
    )


def _after_decline(payment: Payment, declined: Declined) -> Intent:
    """The payment that Stripe made and could not complete; it is the one to mend."""
    if declined.intent:
        found = gateway.read_payment(payment.pledge.cooperative.stripe_account, declined.intent)
        if found.succeeded:
            return found
    return Intent(
        id=declined.intent,
        status="requires_payment_method",
        amount=payment.amount,
        currency=payment.currency,
        error_code=declined.code,
        decline_code=declined.decline_code,
        advice=declined.advice,
    )


def refresh(payment: Payment) -> PaymentState:
    """Read the payment back from the provider and record what it says. Raises Unavailable."""
    if payment.stripe_intent:
        record(payment, gateway.read_payment(payment.pledge.cooperative.stripe_account, payment.stripe_intent))
    payment.refresh_from_db()
    return PaymentState(payment.state)
