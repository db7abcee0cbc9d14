"""Mails about a backer's request for a refund: to them, and to those who decide. `subject_key` is `request:<id>`."""

from django.urls import reverse
from django.utils.translation import gettext

from home.mail.registry import Category, Context, MailKind, register
from home.models import OutgoingMail
from pledges import promises, refund_requests
from pledges.emails import own_url
from pledges.enums import PaymentMethod, RequestState
from pledges.models import RefundRequest


def _request_of(mail: OutgoingMail) -> RefundRequest:
    rows = RefundRequest.objects.select_related(
        "item__pledge__backer", "item__pledge__campaign", "item__pledge__cooperative__site", "refund__payment"
    )
    return rows.get(pk=int(mail.subject_key.rpartition(":")[2]))


def _shared(mail: OutgoingMail, request: RefundRequest) -> Context:
    """Amounts in minor units of `currency`."""
    pledge = request.item.pledge
    return {
        "request": request,
        "item": request.item,
        "campaign": pledge.campaign,
        "amount": request.amount,
        "currency": request.currency,
        "zone": pledge.cooperative.time_zone,
        "last4": pledge.card_last4,
        "button_url": own_url(mail, pledge),
    }


def fill_requested(mail: OutgoingMail) -> Context:
    return _shared(mail, _request_of(mail))


def fill_answered(mail: OutgoingMail) -> Context:
    request = _request_of(mail)
    refund = request.refund
    return _shared(mail, request) | {
        "is_granted": request.state == RequestState.GRANTED,
        "was_granted": request.state == RequestState.DECLINED and refund is not None,
        "amount": refund.amount if refund else 0,
        "in_part": request.state == RequestState.GRANTED and refund is not None and refund.amount < request.amount,
        "by_hand": refund is not None and refund.payment.method != PaymentMethod.CARD,
    }


def fill_to_decide(mail: OutgoingMail) -> Context:
    request = _request_of(mail)
    return _shared(mail, request) | {
        "backer_name": request.item.pledge.backer.name,
        "month": promises.current_month(request.item),
        "cost": refund_requests.cost_of(request, request.amount),
        "button_url": mail.cooperative.root_url + reverse("pledges_refund_request", args=[request.pk]),
        "button_label": gettext("Decide"),
    }


register(
    MailKind(
        "refund_requested", "pledges", Category.SERVICE, "A refund was asked for; when it is answered.", fill_requested
    )
)
register(
    MailKind(
        "refund_answered", "pledges", Category.SERVICE, "A refund that was asked for is granted or not.", fill_answered
    )
)
register(MailKind("refund_to_decide", "pledges", Category.TEAM, "A backer asks for a refund.", fill_to_decide))
