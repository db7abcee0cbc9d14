"""« Remboursements à décider »: what backers ask back, due first, and the page where a treasurer answers."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.log_in.recent_login import recent_login
from home.long_lists import part_of
from pledges import giving_back, promises, refund_decisions, refund_requests
from pledges.admin.refund_views import WORDS
from pledges.enums import PaymentMethod, RefundState, RequestState
from pledges.fulfilment import today_in
from pledges.models import Payment, Refund, RefundRequest
from pledges.refund_decisions import Obstacle, RefundRefused
from pledges.refund_request_forms import DeclineForm, GrantForm
from pledges.refund_requests import Course
from pledges.refunds import TREASURERS

ICON = "rotate"

ABOUT = (
    "item__pledge__backer",
    "item__pledge__campaign",
    "item__pledge__cooperative",
    "refund__payment",
    "answered_by",
)


#: Where a granted request stands; and for one whose money is with the cooperative still, what there is to do.
COURSES = {
    Course.UNDER_WAY: gettext_lazy("Granted, being paid back"),
    Course.PAID: gettext_lazy("Granted and paid back"),
    Course.NOT_MADE: gettext_lazy("Granted, and the refund was refused"),
    Course.SENT_BACK: gettext_lazy("Granted, and sent back by the bank"),
}
TO_DO = {
    Course.NOT_MADE: gettext_lazy("Ask for the refund again, or answer the backer otherwise"),
    Course.SENT_BACK: gettext_lazy("Pay it by cheque or transfer, then mark it as paid"),
}


@dataclass(frozen=True)
class Line:
    """A request in the list. `to_do`: of one that is granted and not paid back."""

    request: RefundRequest
    state: str
    is_overdue: bool = False
    to_do: str = ""


@require_safe
@requires(*TREASURERS)
def index(request: AdminRequest) -> HttpResponse:
    """What is open, due first; what was granted in vain; then what was answered, latest first."""
    opened = refund_requests.to_answer(request.cooperative).select_related(*ABOUT)
    unpaid = refund_requests.unpaid(request.cooperative).select_related(*ABOUT)
    answered = part_of(request, refund_requests.answered(request.cooperative).select_related(*ABOUT))
    today = today_in(request.cooperative)
    context = {
        "waiting": [Line(one, _state_words(one), is_overdue=one.answer_by < today) for one in opened],
        "unpaid": [Line(one, _state_words(one), to_do=_to_do(one)) for one in unpaid],
        **answered,
        "rows": [Line(one, _state_words(one)) for one in answered["rows"]],
    }
    return TemplateResponse(
        request, "pledges/admin/refund_requests.html", furniture(_("Refunds to decide"), ICON) | context
    )


def _state_words(request: RefundRequest) -> str:
    if request.state == RequestState.ASKED and _waits(request):
        return _("Waits for a second person")
    course = refund_requests.course_of(request)
    return str(COURSES[course]) if course else request.get_state_display()


def _to_do(request: RefundRequest) -> str:
    course = refund_requests.course_of(request)
    return str(TO_DO[course]) if course in TO_DO else ""


def _waits(request: RefundRequest) -> bool:
    return request.refund is not None and request.refund.state == RefundState.TO_APPROVE


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*TREASURERS)
@recent_login
def detail(request: AdminRequest, request_id: int) -> HttpResponse:
    """One request; POST grants it, whole or in part, or declines it with words. The forms keep what was typed.

    One that was granted in vain is asked for `again`, or declined after all.
    """
    rows = RefundRequest.objects.select_related(*ABOUT)
    found = get_object_or_404(rows, cooperative=request.cooperative, pk=request_id)
    payment, largest = refund_requests.largest_at_once(found)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    grant = GrantForm(
        request.POST if act == "grant" else None, largest=largest, initial={"amount": largest, "key": uuid.uuid4()}
    )
    decline = DeclineForm(request.POST if act == "decline" else None)
    if act == "grant" and grant.is_valid() and _granted(request, found, grant):
        return redirect("pledges_refund_request", found.pk)
    if act == "again":
        _asked_again(request, found)
        return redirect("pledges_refund_request", found.pk)
    if act == "decline" and decline.is_valid():
        _declined(request, found, decline)
        return redirect("pledges_refund_request", found.pk)
    context = {"grant": grant, "decline": decline, **_facts(found, payment, largest)}
    above = [(reverse("pledges_refund_requests"), _("Refunds to decide"))]
    title = found.item.pledge.backer.name
    return TemplateResponse(request, "pledges/admin/refund_request.html", furniture(title, ICON, above=above) | context)


def _granted(request: AdminRequest, found: RefundRequest, form: GrantForm) -> bool:
    said = form.cleaned_data
    try:
        refund = refund_decisions.grant(
            found, amount=said["amount"], answer=said["answer"], by=request.user, key=said["key"]
        )
    except RefundRefused as refused:
        form.add_error("amount", str(WORDS[refused.obstacle]))
        return False
    if refund.state == RefundState.TO_APPROVE:
        messages.success(request, _("The refund waits for a second person, who has been written to."))
    else:
        messages.success(request, _("The refund is granted, and on its way. The backer is written to."))
    return True


def _asked_again(request: AdminRequest, found: RefundRequest) -> None:
    try:
        if found.refund is None or refund_requests.course_of(found) != Course.NOT_MADE:
            raise RefundRefused(Obstacle.DECIDED)
        refund_decisions.ask_again(found.refund, request.user)
    except RefundRefused as refused:
        messages.error(request, str(WORDS[refused.obstacle]))
    else:
        messages.success(request, _("The refund is asked for again. The backer is written to once it is made."))


def _declined(request: AdminRequest, found: RefundRequest, form: DeclineForm) -> None:
    if refund_requests.decline(found, form.cleaned_data["answer"], request.user):
        messages.success(request, _("The request is not granted. The backer is written to."))
    else:
        messages.error(request, _("This was decided meanwhile."))


def _facts(found: RefundRequest, payment: Payment | None, largest: int) -> dict[str, Any]:
    """What a treasurer weighs: months, amounts, what it would cost, and what may still be done."""
    item, pledge = found.item, found.item.pledge
    is_open = found.state == RequestState.ASKED
    waits = is_open and _waits(found)
    course = refund_requests.course_of(found)
    obstacle = refund_decisions.obstacle_of(payment, by_hand=True) if payment else None
    return {
        "asked": found,
        "item": item,
        "pledge": pledge,
        "month_now": promises.current_month(item),
        "is_overdue": is_open and found.answer_by < today_in(pledge.cooperative),
        "state": _state_words(found),
        "to_do": _to_do(found),
        "again": _again(found) if course == Course.NOT_MADE else 0,
        "failure": found.refund.failure if found.refund and course in TO_DO else "",
        "may_decline": (is_open and not waits) or course == Course.NOT_MADE,
        "was_granted": course == Course.NOT_MADE,
        "processor": settings.PAYMENT_PROCESSOR_NAME,
        "turned_down": is_open and found.refund is not None and not waits,
        "may_answer": is_open and not waits,
        "may_grant": is_open and not waits and bool(largest) and obstacle is None,
        "obstacle": str(WORDS[obstacle]) if obstacle else "",
        "largest": largest,
        "by_hand": payment is not None and payment.method != PaymentMethod.CARD,
        "commission": giving_back.commission_of(payment, min(found.amount, largest)) if payment and largest else 0,
        "cost": refund_requests.cost_of(found, min(found.amount, largest)),
        "needs_second": payment is not None and refund_decisions.needs_second_person(payment, largest),
        "limit": formats.money(pledge.cooperative.second_person_above, found.currency),
    }


def _again(found: RefundRequest) -> int:
    """How much of a refund that was refused could be made now; 0: nothing."""
    refund = found.refund
    if refund is None or not refund_decisions.to_ask_again(Refund.objects.filter(pk=refund.pk)).exists():
        return 0
    return min(refund.amount, refund_decisions.left_of(refund.payment))
