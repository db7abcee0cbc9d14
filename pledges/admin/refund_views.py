"""Refunds by treasurers: asked for on two pages, approved by a second person where it must be, settled otherwise."""

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.log_in.recent_login import recent_login
from home.long_lists import part_of
from pledges import giving_back, refund_decisions, taxes
from pledges.admin.refund_forms import RefundForm
from pledges.disputes import STANDING, reason_words
from pledges.enums import PaymentMethod, RefundState
from pledges.models import Dispute, FraudWarning, Payment, Refund
from pledges.refund_decisions import Obstacle, RefundRefused
from pledges.refunds import TREASURERS, waits_for_account

ICON = "rotate"

WORDS = {
    Obstacle.UNPAID: gettext_lazy("This payment was not made: there is nothing to refund."),
    Obstacle.OTHER_MEANS: gettext_lazy("This payment was not made by card: it is given back by hand."),
    Obstacle.DISPUTED: gettext_lazy("The bank contests this payment: nothing can be refunded until it has decided."),
    Obstacle.NOTHING_LEFT: gettext_lazy("Nothing of this payment is left to refund."),
    Obstacle.TOO_MUCH: gettext_lazy("That is more than is left to refund."),
    Obstacle.SAME_PERSON: gettext_lazy("Who asks for a refund may not approve it: someone else of the team does."),
    Obstacle.DECIDED: gettext_lazy("This was decided meanwhile."),
    Obstacle.CHANGING: gettext_lazy(
        "The backer is paying for a change of this contribution: try again once that is over, within the hour."
    ),
}


@requires(*TREASURERS)
@recent_login
def ask(request: AdminRequest, payment_id: int) -> HttpResponse:
    """GET asks how much and why; POST shows what would go back, and with `sure` does it."""
    payment = _payment(request, payment_id)
    obstacle = refund_decisions.obstacle_of(payment)
    if obstacle:
        messages.error(request, str(WORDS[obstacle]))
        return redirect("pledges_contribution", payment.pledge_id)
    left = refund_decisions.left_of(payment)
    form = RefundForm(request.POST or None, left=left, initial={"amount": left, "key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        if request.POST.get("act") == "refund":
            return _asked(request, payment, form)
        if request.POST.get("act") != "correct":
            return _page(request, "pledges/admin/refund_confirm.html", payment, _what_goes_back(payment, form))
    return _page(request, "pledges/admin/refund_ask.html", payment, {"form": form, "left": left})


def _payment(request: AdminRequest, payment_id: int) -> Payment:
    rows = Payment.objects.select_related("pledge__backer", "pledge__campaign", "cooperative")
    return get_object_or_404(rows, cooperative=request.cooperative, pk=payment_id)


def _what_goes_back(payment: Payment, form: RefundForm) -> dict[str, Any]:
    amount = form.cleaned_data["amount"]
    return {
        "form": form,
        "amount": amount,
        "reason": form.reason_label,
        "taxes": taxes.share_of(payment, amount).items(),
        "commission": giving_back.commission_of(payment, amount),
        "second_person": refund_decisions.needs_second_person(payment, amount),
        "limit": payment.cooperative.second_person_above,
    }


def _page(request: AdminRequest, template: str, payment: Payment, context: dict[str, Any]) -> HttpResponse:
    pledge = payment.pledge
    above = [
        (reverse("pledges_contributions"), _("Contributions")),
        (reverse("pledges_contribution", args=[pledge.pk]), pledge.backer.name),
    ]
    return TemplateResponse(
        request,
        template,
        furniture(_("Refund"), ICON, above=above) | {"payment": payment, "pledge": pledge} | context,
    )


def _asked(request: AdminRequest, payment: Payment, form: RefundForm) -> HttpResponse:
    try:
        refund = refund_decisions.ask(payment, by=request.user, **form.cleaned_data)
    except RefundRefused as refused:
        form.add_error("amount", str(WORDS[refused.obstacle]))
        left = refund_decisions.left_of(payment)
        return _page(request, "pledges/admin/refund_ask.html", payment, {"form": form, "left": left})
    if refund.state == RefundState.TO_APPROVE:
        messages.success(request, _("The refund waits for a second person, who has been written to."))
    else:
        messages.success(request, _("The refund is on its way. The backer is written to once it is made."))
    return redirect("pledges_contribution", payment.pledge_id)


@requires(*TREASURERS)
def index(request: AdminRequest) -> HttpResponse:
    """What waits for someone (refunds to approve, to settle or to ask again, disputes, warnings), then every refund."""
    about = ("payment__pledge__backer", "payment__pledge__campaign")
    refunds = Refund.objects.filter(cooperative=request.cooperative).select_related(*about, "asked_by")
    disputes = Dispute.objects.filter(cooperative=request.cooperative).select_related(*about).order_by("-pk")
    warnings = FraudWarning.objects.filter(cooperative=request.cooperative, actionable=True).select_related(*about)
    owed = refunds.filter(state=RefundState.FAILED, settled_at=None).exclude(done_at=None)
    context = {
        "waiting": refunds.filter(state=RefundState.TO_APPROVE).order_by("pk") | owed.order_by("pk"),
        "waits_for_account": request.cooperative.disconnected_at is not None
        and refunds.filter(state=RefundState.DUE, payment__method=PaymentMethod.CARD).exists(),
        "processor": settings.PAYMENT_PROCESSOR_NAME,
        "refused": refund_decisions.to_ask_again(refunds).order_by("pk"),
        "disputes": [(one, reason_words(one.reason)) for one in disputes.filter(state__in=STANDING)],
        "warnings": warnings.filter(payment__refunds=None, payment__disputes=None).order_by("pk"),
    }
    return TemplateResponse(
        request,
        "pledges/admin/refunds.html",
        furniture(_("Refunds and disputes"), ICON) | part_of(request, refunds.order_by("-pk")) | context,
    )


@requires(*TREASURERS)
@recent_login
def detail(request: AdminRequest, refund_id: int) -> HttpResponse:
    """One refund; POST decides it (`approve`, `reject`), marks it paid by other means (`settle`), asks it again."""
    rows = Refund.objects.select_related("payment__pledge__backer", "payment__pledge__campaign", "payment__cooperative")
    rows = rows.select_related("cooperative")
    refund = get_object_or_404(rows, cooperative=request.cooperative, pk=refund_id)
    acts = {
        "approve": (refund_decisions.approve, _("The refund is approved, and on its way.")),
        "reject": (refund_decisions.reject, _("The refund is not approved: nothing goes back.")),
        "settle": (refund_decisions.settle_otherwise, _("The refund is marked as paid by other means.")),
        "again": (
            refund_decisions.ask_again,
            _("The refund is asked for again. The backer is written to once it is made."),
        ),
        "let_go": (refund_decisions.let_go, _("The refund is let go: nothing goes back.")),
    }
    chosen = acts.get(request.POST.get("act", ""))
    if request.method == "POST" and chosen:
        try:
            chosen[0](refund, request.user)
            messages.success(request, chosen[1])
        except RefundRefused as refused:
            messages.error(request, str(WORDS[refused.obstacle]))
        return redirect("pledges_refund", refund.pk)
    return _detail_page(request, refund)


def _detail_page(request: AdminRequest, refund: Refund) -> HttpResponse:
    waits = refund.state == RefundState.TO_APPROVE
    owed = refund.state == RefundState.FAILED and refund.done_at is not None
    again = refund_decisions.to_ask_again(Refund.objects.filter(pk=refund.pk)).exists()
    context = {
        "refund": refund,
        "payment": refund.payment,
        "pledge": refund.payment.pledge,
        "taxes": taxes.share_of(refund.payment, refund.amount).items()
        if waits
        else refund.taxes.values_list("code", "amount"),
        "may_decide": waits and refund.asked_by_id != request.user.pk,
        "own": waits and refund.asked_by_id == request.user.pk,
        "may_settle": owed and refund.settled_at is None,
        "came_back": owed,
        "waits_for_account": waits_for_account(refund),
        "processor": settings.PAYMENT_PROCESSOR_NAME,
        "may_ask_again": again,
        "again": min(refund.amount, refund_decisions.left_of(refund.payment)) if again else 0,
        "may_let_go": again and refund_decisions.may_let_go(refund),
    }
    above = [(reverse("pledges_refunds"), _("Refunds and disputes"))]
    title = _("Refund of %(amount)s") % {"amount": formats.money(refund.amount, refund.currency, exact=True)}
    return TemplateResponse(request, "pledges/admin/refund.html", furniture(title, ICON, above=above) | context)
