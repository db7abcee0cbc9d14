"""What a backer answers on their own page: a new date accepted, a refund asked for or no longer wished."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from home.form_limits import OWN_PAGES, limited
from pledges import accepting, refund_requests
from pledges.models import Pledge, PledgeItem, RefundRequest
from pledges.refund_request_forms import RefundRequestForm
from pledges.refund_requests import WITH_REFUNDS, Refusal, RequestRefused
from pledges.views.visiting import SeeOther, Visit, opened_by_link


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: Visit, pledge: Pledge, token: str, promise_id: int) -> HttpResponseBase:
    """POST accepts that date; GET, from whatever follows links, shows the page."""
    page = reverse("contribution", args=[token])
    if request.method != "POST":
        return SeeOther(page)
    return SeeOther(page + ("?accepted" if accepting.accept(pledge, promise_id) else "?date_changed"))


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def refund(request: Visit, pledge: Pledge, token: str) -> HttpResponseBase:
    """GET: which reward, and a note. POST asks, while something of it can be given back."""
    items, left = _items(pledge), refund_requests.left_of(pledge)
    askable = [(item, refund_requests.amount_for(item, left or 0)) for item in items if _may_ask(item, left)]
    chosen = {"item": request.GET.get("item") or (str(askable[0][0].pk) if askable else "")}
    form = RefundRequestForm(askable, request.POST if request.method == "POST" else None, initial=chosen)
    if request.method == "POST" and form.is_valid():
        try:
            refund_requests.ask(form.chosen, form.cleaned_data["message"])
        except RequestRefused as refused:
            form.refuse(refused.refusal)
        else:
            return SeeOther(reverse("contribution", args=[token]) + "?refund_asked")
    context = {"pledge": pledge, "campaign": pledge.campaign, "token": token, "form": form, "askable": askable}
    return render(request, "pledges/refund_request.html", context | _why_not(items, left, askable))


def _items(pledge: Pledge) -> list[PledgeItem]:
    rows = pledge.items.filter(quantity__gt=0).select_related("pledge").prefetch_related(WITH_REFUNDS)
    return list(rows.order_by("id"))


def _may_ask(item: PledgeItem, left: int | None) -> bool:
    return refund_requests.refusal_of(item, left) is None


def _why_not(items: list[PledgeItem], left: int | None, askable: list[Any]) -> dict[str, Any]:
    """Where nothing can be asked for: whether an answer is awaited already, or the money to come."""
    refusals = [refund_requests.refusal_of(item, left) for item in items] if not askable else []
    return {"is_open": Refusal.OPEN in refusals, "is_granted": Refusal.GRANTED in refusals}


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: Visit, pledge: Pledge, token: str, request_id: int) -> HttpResponseBase:
    """POST withdraws; GET shows the page."""
    page = reverse("contribution", args=[token])
    if request.method != "POST":
        return SeeOther(page)
    found = get_object_or_404(RefundRequest.objects.select_related("item"), pk=request_id, item__pledge=pledge)
    return SeeOther(page + ("?withdrawn" if refund_requests.withdraw(found) else "?answered"))
