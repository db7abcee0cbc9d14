"""Which payment of ours one of Stripe's is, catching up first with what we have not heard of yet.

Events come in any order: that of a dispute or a refund may come before the one that says the payment was made.
"""

from pledges import charging, checkout, gateway, recording
from pledges.enums import PaymentState
from pledges.gateway import Intent
from pledges.gateway.payments import OWN_ROW
from pledges.models import Checkout, Payment


def payment_for(account: str, intent_id: str) -> Payment | None:
    """The paid payment that a PaymentIntent made, in the scope; None for one that is not ours. Raises Unavailable."""
    if not intent_id:
        return None
    payment = _by_intent(intent_id)
    if payment is None:
        _catch_up(gateway.read_payment(account, intent_id))
        payment = _by_intent(intent_id)
    elif payment.state != PaymentState.PAID:
        charging.refresh(payment)
    return payment if payment and payment.state == PaymentState.PAID else None


def _by_intent(intent_id: str) -> Payment | None:
    rows = Payment.objects.select_related("pledge__backer", "pledge__campaign", "pledge__cooperative__site")
    return rows.select_related("cooperative").filter(stripe_intent=intent_id).first()


def _catch_up(intent: Intent) -> None:
    row, pledge = intent.metadata.get(OWN_ROW, ""), intent.metadata.get("tremplin_pledge", "")
    if row.isdecimal():
        for payment in Payment.objects.select_related("pledge__backer", "pledge__campaign").filter(
            pk=int(row), stripe_intent=""
        ):
            recording.record(payment, intent)
    elif pledge.isdecimal():
        for page in Checkout.objects.filter(pledge=int(pledge), state__in=checkout.UNFINISHED):
            checkout.finish(page)
