"""Back from the hosted page. What happened there is read from the provider, never from the address."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from campaigns import queries
from campaigns.models import RewardStock
from campaigns.sharing.addresses import share_for
from home import clock
from home.languages import current
from home.ready_queries import Ready
from pledges import checkout, gateway, mending, own_settings, pledging
from pledges.card_expiry import expires_before_charge
from pledges.consent_texts import charge_date
from pledges.enums import CheckoutPurpose, CheckoutState, PledgeState
from pledges.links import contribution_token, share_code
from pledges.models import Checkout, Payment, Pledge
from pledges.templatetags.pledge_tags import Stock
from pledges.views.mending import bank_return_url, mend_page
from pledges.views.visiting import Visit, own_page

log = logging.getLogger(__name__)

#: Opened from « Ma contribution », and leading back there.
OWN_PAGE = (CheckoutPurpose.CHANGE, CheckoutPurpose.CARD)

#: How long a return address still shows whose contribution it is: it stays in the browser's history.
FRESH = timedelta(hours=1)


@own_page
@require_safe
def returned(request: Visit, key: UUID) -> HttpResponseBase:
    """The success address. The pledge is confirmed here or by the event, whichever comes first."""
    row = _row(request, key)
    if row.purpose == CheckoutPurpose.MEND:
        return _card_given(request, row)
    try:
        state = checkout.finish(row)
    except gateway.Unavailable as error:
        log.warning("checkout %s could not be read back yet: %s", row.pk, error)
        state = CheckoutState(row.state)
    if row.purpose in OWN_PAGE and state in (CheckoutState.COMPLETE, CheckoutState.EXPIRED):
        return _own_page(row, state)
    if state == CheckoutState.COMPLETE:
        return _thanks(request, row)
    if state == CheckoutState.EXPIRED:
        return _hold_over(request, row)
    return render(request, "pledges/waiting.html", {"campaign": row.pledge.campaign})


@own_page
@require_safe
def left(request: Visit, key: UUID) -> HttpResponseBase:
    """The cancel address: the choice is kept while the page is open."""
    row = _row(request, key)
    if row.purpose == CheckoutPurpose.MEND:
        if not _is_fresh(row):
            return HttpResponseRedirect(reverse("contribution_link"))
        return HttpResponseRedirect(reverse("contribution_mend", args=[contribution_token(row.pledge)]))
    if row.purpose in OWN_PAGE:
        return _own_page(row, CheckoutState(row.state))
    if row.state == CheckoutState.COMPLETE:
        return HttpResponseRedirect(reverse("checkout_return", args=[row.key]))
    kept_until = row.created_at + pledging.HOLD
    if row.state == CheckoutState.EXPIRED or not row.url or clock.now() >= kept_until:
        return _hold_over(request, row)
    return render(request, "pledges/left.html", {"row": row, "campaign": row.pledge.campaign, "kept_until": kept_until})


def _row(request: Visit, key: UUID) -> Checkout:
    row: Checkout | None = next(iter(_KEYED(key)), None)
    if row is None:
        raise Http404(f"There is no page {key} here.")
    row.cooperative = row.pledge.cooperative = row.pledge.campaign.cooperative = request.cooperative
    return row


def _keyed(key: UUID) -> QuerySet[Checkout]:
    return Checkout.objects.filter(key=key).select_related("pledge__campaign", "pledge__backer")


_KEYED = Ready(_keyed, prepared=True)


def _is_fresh(row: Checkout) -> bool:
    return clock.now() - (row.ended_at or row.created_at) < FRESH


def _own_page(row: Checkout, state: CheckoutState) -> HttpResponseBase:
    """Back to « Ma contribution », where the page was opened from."""
    if not _is_fresh(row):
        return HttpResponseRedirect(reverse("contribution_link"))
    done = {CheckoutPurpose.CHANGE: "?changed", CheckoutPurpose.CARD: "?card"}
    said = done[CheckoutPurpose(row.purpose)] if state == CheckoutState.COMPLETE else ""
    row.pledge.refresh_from_db(fields=["link_generation"])
    return HttpResponseRedirect(reverse("contribution", args=[contribution_token(row.pledge)]) + said)


def _thanks(request: Visit, row: Checkout) -> HttpResponseBase:
    if not _is_fresh(row):
        return HttpResponseRedirect(reverse("contribution_link"))
    row.pledge.refresh_from_db(fields=["state", "link_generation", "card_expires"])
    token = contribution_token(row.pledge)
    if row.pledge.state != PledgeState.CONFIRMED:
        return HttpResponseRedirect(reverse("contribution", args=[token]))
    campaign = row.pledge.campaign
    context = {
        "pledge": row.pledge,
        "campaign": campaign,
        "campaign_url": queries.url_in(campaign, current()),
        "share": share_for(campaign, share_code(row.pledge)),
        "charge_date": charge_date(campaign),
        "expires_before_charge": expires_before_charge(row.pledge),
        "needs_address": own_settings.needs_address(row.pledge),
        "token": token,
    }
    return render(request, "pledges/thanks.html", context)


def _hold_over(request: Visit, row: Checkout) -> HttpResponse:
    return render(request, "pledges/hold_over.html", {"campaign": row.pledge.campaign, "stock": _scarcest(row.pledge)})


def _scarcest(pledge: Pledge) -> Stock | None:
    """What is left of the tier of that choice that has the least; None where none is limited."""
    rows = RewardStock.objects.filter(reward__items__pledge=pledge)
    return min((Stock(row.left, row.held) for row in rows), key=lambda stock: stock.left, default=None)


def _card_given(request: Visit, row: Checkout) -> HttpResponseBase:
    """Another card was given for a payment: it is used at once, on the same payment."""
    if not _is_fresh(row):
        return HttpResponseRedirect(reverse("contribution_link"))
    token = contribution_token(row.pledge)
    payment = Payment.objects.select_related("pledge__campaign__settlement").get(checkouts=row)
    try:
        bank_url = mending.finish_card(row, bank_return_url(request, token))
    except (gateway.Declined, gateway.Refused):
        payment.refresh_from_db()
        return mend_page(request, payment, token, outcome="declined")
    except gateway.Unavailable as error:
        log.warning("payment %s has no answer yet: %s", row.payment_id, error)
        return mend_page(request, payment, token, outcome="waiting")
    return HttpResponseRedirect(bank_url or reverse("contribution", args=[token]))
