"""Where a contribution made by other means than the site stands, in words."""

from datetime import date

from django.utils.translation import gettext

from home import formats
from pledges.enums import Origin, PaymentMethod, PaymentState, PledgeState, RefundState
from pledges.models import Payment, Pledge, Refund

#: What the page says first, and what follows from it.
Words = tuple[str, str]


def offline_words(pledge: Pledge, payment: Payment | None) -> Words | None:
    """The sentence that opens the page, where the payment is not made by card; None: the usual one."""
    if pledge.origin != Origin.OFFLINE or payment is None or payment.method == PaymentMethod.CARD:
        return None
    if pledge.state == PledgeState.GOAL_MISSED:
        return gettext("Goal not reached"), gettext("What you paid is given back to you.")
    if pledge.state == PledgeState.CANCELLED:
        words = gettext("Cancelled on %(date)s") % {"date": _ended(pledge)}
        return words, ""
    if payment.state == PaymentState.PAID:
        return _received(payment)
    return _awaited(pledge, payment) if payment.state == PaymentState.DUE else None


def _received(payment: Payment) -> Words:
    values = {"date": _day(payment.received_on), "amount": formats.money(payment.amount, payment.currency)}
    return gettext("Payment received on %(date)s: %(amount)s") % values, ""


def _awaited(pledge: Pledge, payment: Payment) -> Words:
    bounced = pledge.payments.filter(state=PaymentState.BOUNCED).order_by("-part").first()
    if bounced is not None:
        return _bounced(bounced), gettext("The contribution counts once payment is received.")
    amount = {"amount": formats.money(payment.amount, payment.currency)}
    return (
        gettext("Cheque, transfer or cash expected: %(amount)s") % amount,
        gettext("The contribution counts once payment is received."),
    )


def _bounced(payment: Payment) -> str:
    words = (
        gettext("The cheque of %(date)s could not be cashed; write to us to choose another way.")
        if payment.method == PaymentMethod.CHEQUE
        else gettext("The payment of %(date)s did not arrive; write to us to choose another way.")
    )
    return words % {"date": _day(payment.received_on)}


def _day(value: date | None) -> str:
    return formats.day(value) if value else ""


def _ended(pledge: Pledge) -> str:
    return formats.local_day(pledge.ended_at, pledge.cooperative.time_zone) if pledge.ended_at else ""


def refund_by_hand_words(pledge: Pledge, refund: Refund) -> Words:
    """A refund that the cooperative makes itself."""
    amount = {"amount": formats.money(refund.amount, refund.currency, exact=True)}
    if refund.state != RefundState.DONE or refund.done_at is None:
        return gettext("%(amount)s will be given back to you by the cooperative itself.") % amount, ""
    day = {"date": formats.local_day(refund.done_at, pledge.cooperative.time_zone)}
    return gettext("Given back on %(date)s: %(amount)s") % (amount | day), ""
