"""Contributions made by other means: entered, marked received or not honoured, let go; refunds made by hand."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import lifecycle
from campaigns.models import Campaign
from campaigns.queries import campaigns_of
from home import clock, formats
from home.admin_access import AdminRequest, has_role, requires
from home.admin_pages import Crumb, furniture
from home.log_in.recent_login import recent_login
from home.long_lists import part_of
from home.models import Backer, Role
from pledges import money_acts, offline, offline_entry, pledging
from pledges.admin.offline_forms import EntryForm, GivenBackForm, ReceivedForm, TellForm
from pledges.choosing import PledgeRefused
from pledges.enums import PaymentMethod, PaymentState
from pledges.models import Payment, Pledge, Refund
from pledges.offline import OfflineRefused

ROLES = (Role.EDITOR, Role.TREASURER, Role.OWNER)
GIVES_BACK = (Role.TREASURER, Role.OWNER)
ICON = "group"

ASKS = ["GET", "HEAD", "POST"]


@require_safe
@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    """What is awaited, what is to be given back, and where another may be entered."""
    awaited = offline.awaited(request.cooperative).select_related("pledge__backer", "pledge__campaign")
    back = offline.to_give_back(request.cooperative)
    context = {
        "campaigns": [one for one in campaigns_of(request.cooperative) if takes_entries(one)],
        "back": back.select_related("payment__pledge__backer", "payment__pledge__campaign"),
        "gives_back": has_role(request, *GIVES_BACK),
    }
    above = [(reverse("pledges_contributions"), _("Contributions"))]
    page = furniture(_("Contributions by other means"), ICON, above=above) | part_of(request, awaited)
    return TemplateResponse(request, "pledges/admin/offline.html", page | context)


def takes_entries(campaign: Campaign) -> bool:
    now = clock.now()
    return lifecycle.takes_pledges(campaign, now) or lifecycle.takes_late_pledges(campaign, now)


@require_http_methods(ASKS)
@requires(*ROLES)
def enter(request: AdminRequest, campaign_id: int) -> HttpResponse:
    campaigns = campaigns_of(request.cooperative).select_related("cooperative__site")
    campaign = get_object_or_404(campaigns, pk=campaign_id)
    if not takes_entries(campaign) and request.method != "POST":
        messages.warning(request, _("This campaign takes no contribution at the moment."))
        return redirect("pledges_offline")
    form = EntryForm(campaign, request.POST if request.method == "POST" else None)
    if form.is_valid() and (pledge := _entered(request, form)):
        words = _("The contribution of %(name)s is recorded: %(amount)s.")
        amount = formats.money(pledge.amount, pledge.currency, exact=True)
        messages.success(request, words % {"name": pledge.backer.name, "amount": amount})
        return redirect("pledges_contribution", pledge.pk)
    return TemplateResponse(
        request,
        "pledges/admin/offline_entry.html",
        furniture(_("Enter a contribution"), ICON, above=_above()) | {"form": form, "campaign": campaign},
    )


def _entered(request: AdminRequest, form: EntryForm) -> Pledge | None:
    try:
        return offline_entry.enter(request.cooperative, form.entry(), by=request.user, tell=form.cleaned_data["tell"])
    except PledgeRefused as refused:
        form.refuse(refused)
        return None


def _above() -> list[Crumb]:
    return [
        (reverse("pledges_contributions"), _("Contributions")),
        (reverse("pledges_offline"), _("Contributions by other means")),
    ]


@dataclass(frozen=True)
class Act:
    """Something that may be done with a contribution, and where."""

    label: str
    url: str


def acts_on(pledge: Pledge, payment: Payment | None) -> list[Act]:
    """What the team may do with one made by other means; nothing with any other."""
    if payment is None or payment.method == PaymentMethod.CARD:
        return []
    names = []
    if payment.state == PaymentState.DUE:
        names += [("pledges_offline_received", _("Mark as received")), ("pledges_offline_end", _("No longer expected"))]
    if payment.state == PaymentState.PAID:
        names += [("pledges_offline_bounced", _("Payment not honoured"))]
        names += [("pledges_offline_end", _("Cancel"))] if pledging.may_cancel(pledge, clock.now()) else []
    return [Act(str(label), reverse(name, args=[pledge.pk])) for name, label in names]


def _payment(request: AdminRequest, pledge_id: int) -> Payment:
    """The payment of a contribution made by other means to this cooperative."""
    payments = Payment.objects.filter(cooperative=request.cooperative, part=0).exclude(method=PaymentMethod.CARD)
    rows = payments.select_related("pledge__backer", "pledge__campaign", "pledge__cooperative__site", "cooperative")
    # By `pledge_id` a number beyond the database's crashes; this one is only not found.
    return get_object_or_404(rows, pledge__pk=pledge_id)


@require_http_methods(ASKS)
@requires(*ROLES)
def received(request: AdminRequest, pledge_id: int) -> HttpResponse:
    payment = _payment(request, pledge_id)
    data = request.POST if request.method == "POST" else None
    initial = {"method": payment.method, "reference": payment.reference}
    form, told = ReceivedForm(request.cooperative, data, initial=initial), TellForm(data)
    if form.is_valid() and told.is_valid():
        try:
            done = offline.receive(
                payment,
                on=form.cleaned_data["received_on"],
                method=form.cleaned_data["method"],
                reference=form.cleaned_data["reference"],
                by=request.user,
                tell=told.cleaned_data["tell"],
            )
        except OfflineRefused:
            return _refused(request, payment, _("The goal was not reached: this payment can no longer be received."))
        return _after(request, payment.pledge, done, _("The payment is received: the contribution counts."))
    words = _("The contribution counts from now on, and its rewards are promised.")
    return _ask(request, payment, _("Mark as received"), words, [form, *_asked(payment.pledge.backer, told)])


@require_http_methods(ASKS)
@requires(*ROLES)
def bounced(request: AdminRequest, pledge_id: int) -> HttpResponse:
    payment = _payment(request, pledge_id)
    told = TellForm(request.POST if request.method == "POST" else None)
    if told.is_valid():
        try:
            done = offline.bounce(payment, by=request.user, tell=told.cleaned_data["tell"])
        except OfflineRefused:
            return _refused(request, payment, _("Some of this payment was given back already."))
        return _after(request, payment.pledge, done, _("The payment is undone."))
    words = _("The contribution no longer counts. Its rewards remain held, and another payment is expected.")
    return _ask(request, payment, _("Payment not honoured"), words, _asked(payment.pledge.backer, told))


@require_http_methods(ASKS)
@requires(*ROLES)
def end(request: AdminRequest, pledge_id: int) -> HttpResponse:
    """A payment that will not come; or, until the deadline, one received whose backer wants it back."""
    payment = _payment(request, pledge_id)
    awaited = payment.state == PaymentState.DUE
    if request.method == "POST":
        done = request.POST.get("state") == payment.state and _ended(request, payment)
        return _after(
            request, payment.pledge, done, _("The contribution is cancelled; its rewards are on offer again.")
        )
    words = _("The contribution ends, and its rewards are on offer again.")
    if not awaited:
        words = _("The contribution ends, its rewards are on offer again, and its payment is to be given back by hand.")
    return _ask(request, payment, _("Cancel the contribution"), words, [])


def _ended(request: AdminRequest, payment: Payment) -> bool:
    if payment.state == PaymentState.DUE:
        return offline.withdraw(payment, by=request.user)
    with transaction.atomic():
        cancelled = pledging.cancel(payment.pledge)
        if cancelled:
            money_acts.on_payment(money_acts.OFFLINE_ENDED, payment, request.user)
    return cancelled


@require_http_methods(ASKS)
@requires(*GIVES_BACK)
@recent_login
def given_back(request: AdminRequest, refund_id: int) -> HttpResponse:
    """A refund of a payment that did not come by card was handed over."""
    rows = Refund.objects.filter(cooperative=request.cooperative).exclude(payment__method=PaymentMethod.CARD)
    refund = get_object_or_404(rows.select_related("cooperative", "payment__pledge__backer"), pk=refund_id)
    data = request.POST if request.method == "POST" else None
    form, told, pledge = GivenBackForm(request.cooperative, data), TellForm(data), refund.payment.pledge
    if form.is_valid() and told.is_valid():
        done = offline.record_given_back(
            refund,
            on=form.cleaned_data["given_on"],
            reference=form.cleaned_data["reference"],
            by=request.user,
            tell=told.cleaned_data["tell"],
        )
        return _after(request, pledge, done, _("The refund is recorded."))
    words = _("Record it once the money has left: nothing is paid from here.")
    asked = [form, *_asked(pledge.backer, told)]
    return _ask(request, refund.payment, _("Mark as given back"), words, asked, amount=refund.amount)


def _asked(backer: Backer, told: TellForm) -> list[forms.Form]:
    return [told] if backer.email else []


def _after(request: AdminRequest, pledge: Pledge, done: bool, words: str) -> HttpResponse:
    if done:
        messages.success(request, words)
    else:
        messages.warning(request, _("Someone has been faster: this contribution has changed in the meantime."))
    return redirect("pledges_contribution", pledge.pk)


def _refused(request: AdminRequest, payment: Payment, words: str) -> HttpResponse:
    messages.error(request, words)
    return redirect("pledges_contribution", payment.pledge_id)


def _ask(
    request: AdminRequest,
    payment: Payment,
    title: str,
    words: str,
    asked: list[Any],
    *,
    amount: int | None = None,
) -> HttpResponse:
    """A page that says what would happen, and asks. It posts the state it was shown in."""
    pledge = payment.pledge
    back_url = reverse("pledges_contribution", args=[pledge.pk])
    context = {
        "pledge": pledge,
        "amount": payment.amount if amount is None else amount,
        "words": words,
        "state": payment.state,
        "forms": asked,
        "submit_label": title,
        "back_url": back_url,
    }
    above = [(reverse("pledges_contributions"), _("Contributions")), (back_url, pledge.backer.name)]
    return TemplateResponse(request, "pledges/admin/offline_act.html", furniture(title, ICON, above=above) | context)
