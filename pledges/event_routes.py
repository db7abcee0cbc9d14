"""What follows from each kind of event. What is not here is stored, and changes nothing.

Every handler reads the object back: it bears to be called in any order and any number of times. The kinds are exact
names: they are also what is asked for of Stripe's list (pledges.polling).
"""

import logging
from collections.abc import Callable

from home.models import Cooperative
from pledges import (
    accounts,
    card_removals,
    charging,
    checkout,
    disputes,
    gateway,
    mending,
    payouts,
    refunds,
    suspecting,
)
from pledges.enums import CheckoutPurpose, CheckoutState
from pledges.models import Payment, StripeEvent
from pledges.payment_finding import payment_for

log = logging.getLogger(__name__)

#: Called in the scope of the cooperative whose account the event is of; may raise Unavailable (it is tried again) or
#: Refused (it can change nothing).
Handler = Callable[[StripeEvent, Cooperative], None]


def follow(event: StripeEvent, cooperative: Cooperative) -> None:
    """Have an event handled; one that nobody follows changes nothing."""
    if handler := ROUTES.get(event.kind):
        handler(event, cooperative)


def _session(event: StripeEvent, cooperative: Cooperative) -> None:
    row = checkout.by_reference(event.object_id, event.reference)
    if row is not None:
        checkout.learn(row, event.object_id)
        if row.purpose == CheckoutPurpose.MEND:
            mending.use_card(row)
        else:
            checkout.finish(row)


def _payment(event: StripeEvent, cooperative: Cooperative) -> None:
    """One that was made without our hearing of it is known by what we wrote on it, also once its customer is gone."""
    payments = Payment.objects.select_related("pledge__backer", "pledge__cooperative__site", "pledge__campaign")
    known = list(payments.filter(stripe_intent=event.object_id))
    for payment in known:
        charging.refresh(payment)
    if not known and event.kind == "payment_intent.succeeded":
        payment_for(event.account, event.object_id)


def _declined_payment(event: StripeEvent, cooperative: Cooperative) -> None:
    _payment(event, cooperative)
    _declined_card(event, cooperative)


def _declined_card(event: StripeEvent, cooperative: Cooperative) -> None:
    """On a hosted page. One on which card after card is declined is ended: it is not for paying."""
    row = checkout.by_key(event.reference)
    if row is None:
        return
    suspecting.declined(row, f"{event.account}:{event.event_id}", event.created_at)
    if suspecting.is_tried_out(row) and row.state == CheckoutState.OPEN:
        log.warning("page %s is ended: many cards were declined on it", row.pk)
        if checkout.end(row) == CheckoutState.COMPLETE and row.purpose == CheckoutPurpose.MEND:
            mending.use_card(row)


def _refunded_charge(event: StripeEvent, cooperative: Cooperative) -> None:
    payment = payment_for(event.account, gateway.intent_of_charge(event.account, event.object_id))
    if payment:
        refunds.follow_all(payment)


def _refund(event: StripeEvent, cooperative: Cooperative) -> None:
    made = gateway.read_refund(event.account, event.object_id)
    payment = payment_for(event.account, made.intent)
    if payment:
        refunds.follow(payment, made)


def _dispute(event: StripeEvent, cooperative: Cooperative) -> None:
    found = gateway.read_dispute(event.account, event.object_id)
    payment = payment_for(event.account, found.intent)
    if payment:
        disputes.follow(payment, found)


def _fraud_warning(event: StripeEvent, cooperative: Cooperative) -> None:
    found = gateway.read_warning(event.account, event.object_id)
    payment = payment_for(event.account, found.intent)
    if payment:
        disputes.heed(payment, found)


def _customer_deleted(event: StripeEvent, cooperative: Cooperative) -> None:
    card_removals.customer_removed(event.account, event.object_id)


def _card_detached(event: StripeEvent, cooperative: Cooperative) -> None:
    card_removals.card_removed(event.account, event.object_id)


def _account(event: StripeEvent, cooperative: Cooperative) -> None:
    accounts.refresh(cooperative)


def _payout(event: StripeEvent, cooperative: Cooperative) -> None:
    payouts.follow(cooperative, event.object_id)


ROUTES: dict[str, Handler] = {
    "checkout.session.completed": _session,
    "checkout.session.expired": _session,
    "payment_intent.succeeded": _payment,
    "payment_intent.payment_failed": _declined_payment,
    "setup_intent.setup_failed": _declined_card,
    "payment_intent.requires_action": _payment,
    "payment_intent.canceled": _payment,
    "charge.refunded": _refunded_charge,
    "charge.refund.updated": _refund,
    "refund.created": _refund,
    "refund.updated": _refund,
    "refund.failed": _refund,
    "charge.dispute.created": _dispute,
    "charge.dispute.updated": _dispute,
    "charge.dispute.closed": _dispute,
    "charge.dispute.funds_withdrawn": _dispute,
    "charge.dispute.funds_reinstated": _dispute,
    "radar.early_fraud_warning.created": _fraud_warning,
    "radar.early_fraud_warning.updated": _fraud_warning,
    "customer.deleted": _customer_deleted,
    "payment_method.detached": _card_detached,
    "account.updated": _account,
    "account.application.authorized": _account,
    "account.application.deauthorized": _account,
    "account.external_account.created": _account,
    "account.external_account.updated": _account,
    "account.external_account.deleted": _account,
    "capability.updated": _account,
    "payout.created": _payout,
    "payout.updated": _payout,
    "payout.paid": _payout,
    "payout.failed": _payout,
    "payout.canceled": _payout,
    "payout.reconciliation_completed": _payout,
}
