"""Charging a saved card exactly once, and recording what became of it.

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
- in `record`: one transaction with ledger and mail.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max, Min, Q, QuerySet

from home import clock, outbox
from home.inserting import insert_once
from home.mail.registry import kind_of
from home.ready_queries import Ready
from home.rewriting import rewrite
from pledges import declines, gateway, ledger
from pledges.declines import Decline
from pledges.enums import PaymentState
from pledges.gateway import Declined, Intent
from pledges.gateway.payments import OWN_ROW
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

log = logging.getLogger(__name__)

KEYS_KEPT = timedelta(hours=23)
#: How long after a 500 the provider's own lists can be taken to be complete.
SETTLED_AFTER = timedelta(minutes=1)
#: How far the provider's clock may be from ours.
AROUND = timedelta(hours=1)

#: How an attempt ends whose call may still have made a payment.
NEVER_ARRIVED, CRASHED = "never arrived", "crashed"

#: What its backer may still mend, until the grace ends.
TO_MEND = (PaymentState.ACTION, PaymentState.MEND)

#: The promise has no card any more: it was removed at the provider, or its customer was.
NO_CARD = "no_card"

#: How long payments that could not be made are left to their backers (counted by a campaign's settlement).
GRACE = timedelta(days=7)
#: Days of the grace on which a card that may still pay is charged again; the last try comes as the grace ends.
TRY_AGAIN_ON = (1, 3, 5)

#: The account takes no payment at all just now: no card is at fault.
PAUSED = "account_invalid"
#: How long it is then left in peace.
PAUSE = timedelta(minutes=10)


class AccountPaused(gateway.Unavailable):
    """The cooperative's account takes no payment for now."""


def charge(payment: Payment) -> None:
    """Charge the pledge's card, or find out what an earlier attempt did. Raises Unavailable: then it stays due."""
    attempt = _very_first_attempt(payment)
    if attempt is None:
        earlier = payment.attempts.order_by("-number").first()
        if earlier and _may_hide_a_payment(payment, earlier):
            found = look_up(payment)
            if found and found.status != "canceled":
                record(payment, found, earlier)
                return
            answer(earlier, NEVER_ARRIVED)
        attempt = _next_attempt(payment)
    if attempt is None:
        refresh(payment)
    elif not attempt.payment_method:
        _refuse(payment, attempt, gateway.Refused("The card was removed at the provider.", NO_CARD))
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
    return age > KEYS_KEPT


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
    _refuse(payment, attempt, refused)


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


def record(payment: Payment, intent: Intent, attempt: PaymentAttempt | None = None) -> None:
    """What came back, in one transaction. A paid payment never becomes less, a dropped one only ever paid."""
    with transaction.atomic():
        [locked] = _LOCKED(payment.pk)
        locked.cooperative = payment.pledge.cooperative
        if attempt:
            answer(attempt, intent.decline_code or intent.error_code or intent.status)
        if locked.state == PaymentState.PAID:
            _record_fee(locked, intent)
        elif intent.succeeded:
            _record_paid(locked, intent)
        elif intent.status in ("requires_payment_method", "requires_action", "requires_confirmation"):
            _record_unpaid(locked, intent, tried=attempt is not None)
        elif intent.status == "canceled":
            _record_cancelled(locked)
        elif intent.status == "processing":
            rewrite(locked, stripe_intent=intent.id)
    for name in MOVING:
        setattr(payment, name, getattr(locked, name))


def _locked(payment_id: int) -> QuerySet[Payment]:
    """With its backer as of now: the address may have changed since it was claimed. No more is read of the pledge."""
    rows = Payment.objects.select_for_update(of=("self",)).select_related("pledge__backer").filter(pk=payment_id)
    own = [field.name for field in Payment._meta.concrete_fields]
    return rows.only(*own, "pledge__campaign", "pledge__backer__email", "pledge__backer__language")


_LOCKED = Ready(_locked)


def _record_paid(payment: Payment, intent: Intent) -> None:
    now, fee = clock.now(), intent.fee if payment.processing_fee is None else None
    if (intent.amount, intent.currency) != (payment.amount, payment.currency):
        raise ValueError(f"Payment {payment.pk} is of {payment.amount}, and {intent.amount} was charged.")
    rewrite(
        payment,
        state=PaymentState.PAID,
        stripe_intent=intent.id,
        stripe_charge=intent.charge,
        commission=intent.commission,
        processing_fee=payment.processing_fee if fee is None else fee,
        decline_code="",
        retry_at=None,
        paid_at=now,
        lease_token=None,
    )
    ledger.record_payment(payment, now, fee=fee)
    pledge = payment.pledge
    outbox.queue(kind_of("goal_met_charged"), cooperative=payment.cooperative, subject_key=pledge.key, to=pledge.backer)


def _record_fee(payment: Payment, intent: Intent) -> None:
    if intent.fee is not None and payment.processing_fee is None:
        rewrite(payment, processing_fee=intent.fee)
        ledger.record_fee(payment, intent.fee, clock.now())


def _record_unpaid(payment: Payment, intent: Intent, *, tried: bool) -> None:
    """`tried`: just now. Reading back what is known already moves no date. What was dropped meanwhile stays so."""
    if payment.state == PaymentState.DROPPED:
        return
    state = PaymentState.ACTION if intent.asks_bank else PaymentState.MEND
    written: dict[str, object] = {}
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
    pledge = payment.pledge
    outbox.queue(
        kind_of("payment_to_mend"),
        cooperative=payment.cooperative,
        subject_key=pledge.key,
        occasion="0",
        to=pledge.backer,
    )


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


def _refuse(payment: Payment, attempt: PaymentAttempt, error: gateway.Refused) -> None:
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
    rewrite(attempt, unless="answered_at", answered_at=clock.now(), outcome=outcome[:60])
