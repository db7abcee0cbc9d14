"""A payment that could not be made is mended on the same PaymentIntent: at the bank's page, or with another card.

Each confirmation is an attempt row first. A process that dies after the call leaves the payment to be read back, by
the backer's return, by the event, or by the tick. A card given on the hosted page is used by whichever of the three
comes first, once: a second confirmation would close the bank's page under its reader.
"""

import logging

from django.db.models import Exists, OuterRef, QuerySet

from home import clock
from pledges import charging, checkout, gateway, pledging, recording
from pledges.enums import CheckoutPurpose, CheckoutState, PaymentState
from pledges.gateway import Declined
from pledges.links import contribution_url
from pledges.models import Checkout, Payment, PaymentAttempt

log = logging.getLogger(__name__)

MENDABLE = recording.TO_MEND


def may_mend(payment: Payment) -> bool:
    """Until the grace ends."""
    return payment.state in MENDABLE and clock.now() < payment.pledge.campaign.settlement.grace_ends_at


def pay_with_saved_card(payment: Payment, return_url: str) -> str:
    """Confirm with the card we have, its owner present: the bank's page to go to, or "" once it is paid.

    Raises Declined (the payment stays to be mended), Refused or Unavailable.
    """
    return _confirm(payment, payment.pledge.payment_method, return_url)


def open_card_page(payment: Payment) -> str:
    """The hosted page where another card is given. Raises Refused or Unavailable."""
    unfinished = payment.checkouts.filter(state__in=checkout.UNFINISHED, purpose=CheckoutPurpose.MEND)
    for row in unfinished:
        checkout.end(row)
    return checkout.open_page(pledging.mend_checkout(payment))


def finish_card(row: Checkout, return_url: str) -> str:
    """Back from that page: confirm the same payment with the card given there. As `pay_with_saved_card`."""
    if checkout.finish(row) != CheckoutState.COMPLETE or row.payment_id is None:
        return ""
    payment = Payment.objects.select_related(
        "pledge__backer", "pledge__campaign__settlement", "pledge__cooperative__site"
    ).get(pk=row.payment_id)
    if payment.state not in MENDABLE:
        return ""
    return _confirm(payment, payment.pledge.payment_method, return_url, once=True)


def use_card(row: Checkout) -> None:
    """The card was given to pay: it is used even if its owner never came back to our page. Raises Unavailable."""
    payment = Payment.objects.select_related("pledge__cooperative__site").get(checkouts=row)
    try:
        finish_card(row, contribution_url(payment.pledge))
    except Declined:
        log.info("the new card of payment %s was declined", payment.pk)


def unused_cards() -> QuerySet[Checkout]:
    """Pages that ended with a card whose use is not known to have come to anything; only until the grace ends."""
    now = clock.now()
    tried = PaymentAttempt.objects.filter(
        payment=OuterRef("payment"), payment_method=OuterRef("pledge__payment_method"), answered_at__isnull=False
    ).exclude(outcome=charging.PAUSED, started_at__lt=now - charging.PAUSE)
    return Checkout.objects.filter(
        purpose=CheckoutPurpose.MEND,
        state=CheckoutState.COMPLETE,
        ended_at__lte=now - charging.SETTLED_AFTER,
        payment__state__in=MENDABLE,
        pledge__campaign__settlement__grace_ends_at__gt=now,
    ).exclude(Exists(tried))


def refresh(payment: Payment) -> PaymentState:
    """Read the payment back, after the bank's page. Raises Unavailable."""
    return charging.refresh(payment)


def _confirm(payment: Payment, payment_method: str, return_url: str, *, once: bool = False) -> str:
    """`once`: a card that was tried before is not tried again; what came of it is the answer."""
    if charging.refresh(payment) == PaymentState.PAID:
        return ""
    if not payment.stripe_intent:
        charging.charge(payment)
        return ""
    if not payment_method:
        raise Declined(charging.NO_CARD, "", payment.stripe_intent)
    begin = charging.first_attempt if once else charging.new_attempt
    attempt = begin(payment, payment_method)
    if attempt is None:
        return _outcome(payment, payment_method)
    account = payment.pledge.cooperative.stripe_account
    try:
        intent = gateway.confirm(
            account, str(attempt.key), payment.stripe_intent, payment_method=payment_method, return_url=return_url
        )
    except (Declined, gateway.Refused) as error:
        if isinstance(error, gateway.Refused) and error.code == charging.PAUSED:
            recording.answer(attempt, charging.PAUSED)
            raise charging.AccountPaused(str(error)) from error
        recording.record(payment, gateway.read_payment(account, payment.stripe_intent), attempt)
        if payment.state == PaymentState.PAID:
            return ""
        raise
    recording.record(payment, intent, attempt)
    return intent.action_url if not intent.succeeded else ""


def _outcome(payment: Payment, payment_method: str) -> str:
    """What came of a card that was tried, or is being tried now: as `pay_with_saved_card`."""
    intent = gateway.read_payment(payment.pledge.cooperative.stripe_account, payment.stripe_intent)
    recording.record(payment, intent)
    if payment.state == PaymentState.PAID:
        return ""
    if intent.action_url:
        return intent.action_url
    if charging.attempts_with(payment, payment_method).filter(answered_at=None).exists():
        raise gateway.Unavailable(f"The card given for payment {payment.pk} is being tried.")
    raise Declined(intent.error_code, intent.decline_code, intent.id)
