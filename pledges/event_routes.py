"""What follows from each kind of event. A handler reads its object back: the event only says where to look."""

from collections.abc import Callable

from pledges import card_removals, charging, checkout, disputes, gateway, mending, refunds
from pledges.enums import CheckoutPurpose
from pledges.models import Payment, StripeEvent
from pledges.payment_finding import payment_for

#: Called in the scope of the cooperative whose account it came from; may raise Unavailable (it is tried again) or
#: Refused (it can change nothing).
Handler = Callable[[StripeEvent], None]


def follow(event: StripeEvent) -> None:
    """Have an event handled by the longest prefix of its kind; one that nobody follows changes nothing."""
    found = [prefix for prefix in ROUTES if event.kind.startswith(prefix)]
    if found:
        ROUTES[max(found, key=len)](event)


def _session(event: StripeEvent) -> None:
    row = checkout.by_reference(event.object_id, event.reference)
    if row is not None:
        checkout.learn(row, event.object_id)
        if row.purpose == CheckoutPurpose.MEND:
            mending.use_card(row)
        else:
            checkout.finish(row)


def _payment(event: StripeEvent) -> None:
    payments = Payment.objects.select_related("pledge__backer", "pledge__cooperative__site", "pledge__campaign")
    for payment in payments.filter(stripe_intent=event.object_id):
        charging.refresh(payment)


def _refunded_charge(event: StripeEvent) -> None:
    payment = payment_for(event.account, gateway.intent_of_charge(event.account, event.object_id))
    if payment:
        refunds.follow_all(payment)


def _refund(event: StripeEvent) -> None:
    made = gateway.read_refund(event.account, event.object_id)
    payment = payment_for(event.account, made.intent)
    if payment:
        refunds.follow(payment, made)


def _dispute(event: StripeEvent) -> None:
    found = gateway.read_dispute(event.account, event.object_id)
    payment = payment_for(event.account, found.intent)
    if payment:
        disputes.follow(payment, found)


def _fraud_warning(event: StripeEvent) -> None:
    found = gateway.read_warning(event.account, event.object_id)
    payment = payment_for(event.account, found.intent)
    if payment:
        disputes.heed(payment, found)


def _customer_deleted(event: StripeEvent) -> None:
    card_removals.customer_removed(event.account, event.object_id)


def _card_detached(event: StripeEvent) -> None:
    card_removals.card_removed(event.account, event.object_id)


#: By the beginning of the kind; the longest one that fits leads.
ROUTES: dict[str, Handler] = {
    "checkout.session.": _session,
    "payment_intent.": _payment,
    "charge.refunded": _refunded_charge,
    "charge.refund.": _refund,
    "refund.": _refund,
    "charge.dispute.": _dispute,
    "radar.early_fraud_warning.": _fraud_warning,
    "customer.deleted": _customer_deleted,
    "payment_method.detached": _card_detached,
}
