"""« Ma contribution »: what one backer promised or paid, opened by a signed link."""

import logging
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from campaigns import queries
from campaigns.sharing.addresses import share_for
from home import backing, clock
from home.form_limits import OWN_PAGES, WISHES, limited
from home.languages import current
from home.links import LinkRefused
from home.models import ConsentPlace, Withdrawal
from pledges import address_locks, cards, changing, gateway, mending, own_pages, own_settings, pledging, refund_requests
from pledges.card_expiry import expires_before_charge
from pledges.consent_texts import NEWS, charge_date
from pledges.disputes import STANDING
from pledges.enums import CheckoutState, PaymentState, PledgeState
from pledges.forms import LostLinkForm
from pledges.gone_back import is_gone_back
from pledges.links import pledge_of, share_code
from pledges.models import Dispute, Payment, Pledge, PledgeItem, Refund
from pledges.promises import WITH_ANSWERS
from pledges.refund_requests import WITH_REFUNDS
from pledges.renewing import renew
from pledges.views.standing import ItemStanding, Standing, dispute_words, item_standing, refund_words, standing_of
from pledges.views.surveying import asked_of
from pledges.views.visiting import SeeOther, Visit, old_link_page, own_page

log = logging.getLogger(__name__)


@own_page
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: Visit, token: str) -> HttpResponseBase:
    """GET shows; POST takes or ends the campaign's news."""
    try:
        pledge = pledge_of(token)
    except LinkRefused:
        return old_link_page(request)
    if request.method == "POST":
        _choose_news(pledge, request.POST.get("news", ""))
        return SeeOther(reverse("contribution", args=[token]))
    context = _context(pledge) | {"token": token, "notice": _notice(request)}
    return render(request, "pledges/contribution.html", context)


def _notice(request: Visit) -> str:
    """What was just done, as the page before says in the address."""
    done = {
        "changed": gettext("The change is made. An email confirms it."),
        "address": gettext("Your address is saved."),
        "email_asked": gettext(
            "Open the email just sent to the new address to confirm it. Until then, nothing changes."
        ),
        "settings": gettext("Your choices are saved."),
        "received": gettext("Thank you for telling us that it arrived."),
        "reported": gettext("Your message is sent; we will write to you."),
        "choices": gettext("Your choices are saved."),
        "accepted": gettext("Thank you. Your answer is recorded."),
        "date_changed": gettext(
            "The date has changed since this page was opened. Nothing was accepted: please look again."
        ),
        "refund_asked": gettext("Your request is sent. The treasurer will answer it; its state shows here."),
        "withdrawn": gettext("Your request is withdrawn."),
        "answered": gettext("Your request was answered in the meantime."),
        "card": gettext("Your new card is saved; nothing was charged."),
        "no_page": gettext("The payment page could not be opened. Nothing was charged; you may resume below."),
    }
    return next((words for name, words in done.items() if name in request.GET), "")


def _choose_news(pledge: Pledge, choice: str) -> None:
    topic = pledge.campaign.translation_key
    if choice == "yes":
        backing.grant_news(pledge.backer, topic, text=str(NEWS), language=current(), place=ConsentPlace.OWN_PAGE)
    elif choice == "no":
        backing.withdraw_news(pledge.backer, topic, Withdrawal.OWN_PAGE)


def _context(pledge: Pledge) -> dict[str, Any]:
    payments = Payment.objects.filter(pledge=pledge).select_related("pledge__campaign__settlement").order_by("part")
    payment = next(iter(payments), None)
    refunds = [(one, refund) for one in payments for refund in one.refunds.order_by("id")]
    items = list(
        pledge.items.filter(quantity__gt=0)
        .select_related("pledge", "variant")
        .prefetch_related(WITH_ANSWERS, WITH_REFUNDS)
        .order_by("id")
    )
    left = refund_requests.left_of(pledge)
    pending = own_pages.pending_of(pledge)
    return {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "campaign_url": queries.url_in(pledge.campaign, current()),
        "share": share_for(pledge.campaign, share_code(pledge)),
        "standing": standing_of(pledge, payment),
        "refunds": _aftermath(pledge, refunds),
        "items": items,
        "postage": sum(item.postage for item in items),
        "receipts": [one for one in payments if one.state == PaymentState.PAID],
        "pending": pending,
        "pending_difference": pending.amount - pending.old_amount if pending else 0,
        "may_change": changing.may_change(pledge, clock.now()) and pending is None,
        "may_replace_card": cards.may_replace(pledge, clock.now()),
        "needs_address": own_settings.needs_address(pledge),
        **_address(pledge),
        "surveys": asked_of(pledge),
        "owed": _owed(pledge, items, left),
        "receipt_of": payment if payment and payment.state == PaymentState.PAID else None,
        "may_cancel": pledging.may_cancel(pledge, clock.now()),
        "expires_before_charge": expires_before_charge(pledge),
        "charge_date": charge_date(pledge.campaign),
        "may_mend": payment is not None and mending.may_mend(payment),
        "asks_bank": payment is not None and payment.state == PaymentState.ACTION,
        "resume_url": _resume_url(pledge),
        "wants_news": backing.wants_news(pledge.backer, pledge.campaign.translation_key),
        "news_text": NEWS,
    }


def _owed(pledge: Pledge, items: list[PledgeItem], left: int | None) -> list[ItemStanding]:
    """Where each reward stands. Of what went back whole, only those asked back, whose answer is to be read there."""
    if pledge.state != PledgeState.CONFIRMED:
        return []
    found = [item_standing(item, pledge, left) for item in items]
    return [one for one in found if one.answers.request_lead] if is_gone_back(pledge) else found


def _address(pledge: Pledge) -> dict[str, Any]:
    found = own_settings.address_of(pledge)
    return {
        "address": found,
        "address_locked_on": address_locks.locked_on(found) if address_locks.is_locked(found) else None,
    }


def _aftermath(pledge: Pledge, refunds: list[tuple[Payment, Refund]]) -> list[Standing]:
    """What went back or is about to, and what is contested."""
    disputes = Dispute.objects.filter(payment__pledge=pledge, state__in=STANDING).order_by("id")
    said = [refund_words(pledge, payment, refund) for payment, refund in refunds]
    return [words for words in said if words] + [dispute_words(dispute) for dispute in disputes]


def _resume_url(pledge: Pledge) -> str:
    """The hosted page of a pledge that is not paid for yet, while the stock is held."""
    if pledge.state != PledgeState.PENDING or clock.now() >= pledge.created_at + pledging.HOLD:
        return ""
    row = pledge.checkouts.filter(state=CheckoutState.OPEN).order_by("-id").first()
    return row.url if row else ""


@own_page
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: Visit, token: str) -> HttpResponseBase:
    """GET asks; POST cancels, while that is possible."""
    try:
        pledge = pledge_of(token)
    except LinkRefused:
        return old_link_page(request)
    if request.method == "POST" and _cancel(pledge):
        return SeeOther(reverse("contribution", args=[token]))
    if pledge.state == PledgeState.CANCELLED:
        return SeeOther(reverse("contribution", args=[token]))
    context = {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "may_cancel": pledging.may_cancel(pledge, clock.now()),
        "handed_over": pledging.was_handed_over(pledge),
        "pending": request.method == "POST" and own_pages.pending_of(pledge) is not None,
        "token": token,
    }
    return render(request, "pledges/cancel.html", context)


def _cancel(pledge: Pledge) -> bool:
    """A change whose difference may still be paid is ended first."""
    try:
        if pledging.may_cancel(pledge, clock.now()):
            own_pages.end_pending(pledge)
    except gateway.GatewayError as error:
        log.warning("the change of pledge %s is not over: %s", pledge.pk, error)
    return pledging.cancel(pledge)


@own_page
@limited(WISHES, email="email")
@require_http_methods(["GET", "HEAD", "POST"])
def lost_link(request: Visit) -> HttpResponseBase:
    """GET asks for an address; POST gives the same answer whether it is a backer's or nobody's."""
    form = LostLinkForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        renew(request.cooperative, form.cleaned_data["email"])
        return SeeOther(reverse("contribution_link") + "?sent")
    return render(request, "pledges/lost_link.html", {"form": form, "sent": "sent" in request.GET})
