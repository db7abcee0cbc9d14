"""Finishing a payment that could not be made: at the bank's page, or with another card."""

import logging

from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from home.form_limits import OWN_PAGES, limited
from home.leading_on import lead_away
from home.links import LinkRefused
from pledges import gateway, mending
from pledges.enums import PaymentState
from pledges.links import pledge_of
from pledges.models import Payment
from pledges.views.proving import asked_of_own_page
from pledges.views.visiting import SeeOther, Visit, old_link_page, own_page

log = logging.getLogger(__name__)


@own_page
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def mend(request: Visit, token: str) -> HttpResponseBase:
    """GET says what is left to do; POST goes to the bank's page (`way=bank`) or to a page for another card."""
    try:
        payment = _payment(token)
    except LinkRefused:
        return old_link_page(request)
    if payment is None or not mending.may_mend(payment):
        return HttpResponseRedirect(reverse("contribution", args=[token]))
    if request.method != "POST":
        return mend_page(request, payment, token)
    if request.POST.get("way") == "bank":
        return _to_bank(request, payment, token)
    return _to_card_page(request, payment, token)


@own_page
@require_safe
def returned(request: Visit, token: str) -> HttpResponseBase:
    """Back from the bank's page: the payment is read back."""
    try:
        payment = _payment(token)
    except LinkRefused:
        return old_link_page(request)
    if payment is None:
        return HttpResponseRedirect(reverse("contribution", args=[token]))
    outcome = "declined"
    try:
        mending.refresh(payment)
    except gateway.Unavailable as error:
        log.warning("payment %s could not be read back yet: %s", payment.pk, error)
        outcome = "waiting"
    if not mending.may_mend(payment):
        return HttpResponseRedirect(reverse("contribution", args=[token]))
    return mend_page(request, payment, token, outcome=outcome)


def _payment(token: str) -> Payment | None:
    pledge = pledge_of(token)
    payments = Payment.objects.select_related(
        "pledge__backer", "pledge__campaign__cooperative", "pledge__campaign__settlement", "pledge__cooperative__site"
    )
    return payments.filter(pledge=pledge, part=0).first()


def bank_return_url(request: Visit, token: str) -> str:
    """Where the bank's page leads back to, in the reader's language."""
    return request.cooperative.root_url + reverse("contribution_mend_return", args=[token])


def _to_bank(request: Visit, payment: Payment, token: str) -> HttpResponseBase:
    try:
        bank_url = mending.pay_with_saved_card(payment, bank_return_url(request, token))
    except (gateway.Declined, gateway.Refused):
        payment.refresh_from_db()
        return mend_page(request, payment, token, outcome="declined")
    except gateway.Unavailable as error:
        log.warning("payment %s has no answer yet: %s", payment.pk, error)
        return mend_page(request, payment, token, outcome="waiting")
    if bank_url:
        return lead_away(request, bank_url)
    return SeeOther(reverse("contribution", args=[token]))


def _to_card_page(request: Visit, payment: Payment, token: str) -> HttpResponseBase:
    if asked_first := asked_of_own_page(request, payment.pledge, "mend"):
        return asked_first
    try:
        return SeeOther(mending.open_card_page(payment))
    except (gateway.Refused, gateway.Unavailable) as error:
        log.warning("a card page for payment %s could not be opened: %s", payment.pk, error)
        return mend_page(request, payment, token, outcome="no_page")


def mend_page(request: Visit, payment: Payment, token: str, *, outcome: str = "") -> HttpResponse:
    """`outcome` of what was tried just now: declined, waiting, no_page, or nothing."""
    pledge = payment.pledge
    context = {
        "payment": payment,
        "pledge": pledge,
        "campaign": pledge.campaign,
        "grace_ends_at": pledge.campaign.settlement.grace_ends_at,
        "asks_bank": payment.state == PaymentState.ACTION,
        "token": token,
        "outcome": outcome,
    }
    return render(request, "pledges/mend.html", context)
