"""What follows from each kind of event. What is not here is stored, and changes nothing.

Every handler reads the object back: it bears to be called in any order and any number of times. The kinds are exact
names: they are also what is asked for of Stripe's list (pledges.polling).
"""

from collections.abc import Callable

from home.models import Cooperative
from pledges import accounts, charging, checkout, mending, payouts
from pledges.enums import CheckoutPurpose
from pledges.models import Payment, StripeEvent

#: Called in the scope of the cooperative whose account the event is of.
Handler = Callable[[StripeEvent, Cooperative], None]


def follow(event: StripeEvent, cooperative: Cooperative) -> None:
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
    payments = Payment.objects.select_related("pledge__backer", "pledge__cooperative__site", "pledge__campaign")
    for payment in payments.filter(stripe_intent=event.object_id):
        charging.refresh(payment)


def _account(event: StripeEvent, cooperative: Cooperative) -> None:
    accounts.refresh(cooperative)


def _payout(event: StripeEvent, cooperative: Cooperative) -> None:
    payouts.follow(cooperative, event.object_id)


ROUTES: dict[str, Handler] = {
    "checkout.session.completed": _session,
    "checkout.session.expired": _session,
    "payment_intent.succeeded": _payment,
    "payment_intent.payment_failed": _payment,
    "payment_intent.requires_action": _payment,
    "payment_intent.canceled": _payment,
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
