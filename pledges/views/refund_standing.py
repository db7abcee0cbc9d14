"""Where a refund stands, and the request it was granted for, in words to its backer: by the refund's own state."""

from datetime import datetime

from django.utils.translation import gettext

from home import formats
from pledges.enums import PaymentMethod, RefundState
from pledges.models import Payment, Pledge, Refund, RefundRequest
from pledges.refund_requests import Course, course_of
from pledges.views.offline_standing import Words, refund_by_hand_words


def words_of(pledge: Pledge, payment: Payment, refund: Refund) -> Words | None:
    """One refund of the payment; None while the team has not decided, and where nothing moved."""
    if refund.state in (RefundState.TO_APPROVE, RefundState.REJECTED):
        return None
    if payment.method != PaymentMethod.CARD:
        return refund_by_hand_words(pledge, refund)
    if refund.state == RefundState.FAILED and refund.done_at is None:
        return None
    if refund.state == RefundState.FAILED and refund.settled_at:
        return _paid(pledge, refund, refund.settled_at), ""
    if refund.state == RefundState.FAILED:
        lead = gettext("The refund could not be paid to your card. Write to us to choose another way.")
        return lead, gettext("The cooperative has been told.")
    if refund.state == RefundState.DUE:
        return _granted(pledge, refund, refund.created_at), _on_statement()
    if refund.amount < payment.amount:
        values = {"amount": _amount(refund), "total": formats.money(payment.amount, payment.currency, exact=True)}
        return gettext("Partly refunded: %(amount)s of %(total)s") % values, ""
    return _paid(pledge, refund, refund.done_at), _on_statement()


def granted_words(pledge: Pledge, request: RefundRequest) -> Words:
    """The request that was granted, and where its money is. Reads its refund with the payment."""
    refund, course = request.refund, course_of(request)
    if refund is None or course is None:
        return "", ""
    lead = _granted(pledge, refund, request.answered_at)
    if course == Course.NOT_MADE:
        words = gettext("It could not be made so far. The cooperative has been told, and is seeing to it.")
        return lead, words
    if course == Course.SENT_BACK:
        return lead, gettext("It could not be paid to your card. The cooperative has been told, and owes it to you.")
    if refund.payment.method != PaymentMethod.CARD:
        by_hand = refund_by_hand_words(pledge, refund)
        return (lead, by_hand[0]) if course == Course.UNDER_WAY else by_hand
    if course == Course.UNDER_WAY:
        return lead, _on_statement()
    settled = refund.settled_at
    return _paid(pledge, refund, settled or refund.done_at), "" if settled else _on_statement()


def _granted(pledge: Pledge, refund: Refund, at: datetime | None) -> str:
    words = gettext("Refund of %(amount)s granted on %(date)s")
    return words % {"amount": _amount(refund), "date": _day(at, pledge)}


def _paid(pledge: Pledge, refund: Refund, at: datetime | None) -> str:
    return gettext("Refunded on %(date)s: %(amount)s") % {"amount": _amount(refund), "date": _day(at, pledge)}


def _on_statement() -> str:
    return gettext("It will show on your statement within 5 to 10 business days.")


def _amount(refund: Refund) -> str:
    return formats.money(refund.amount, refund.currency, exact=True)


def _day(instant: datetime | None, pledge: Pledge) -> str:
    return formats.local_day(instant, pledge.cooperative.time_zone) if instant else ""
