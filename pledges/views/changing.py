"""Changing tiers and amount, and giving another card: each page asks, then acts on a POST."""

import logging
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from home import clock
from home.form_limits import OWN_PAGES, limited
from home.languages import ENGLISH, FRENCH, current
from pledges import cards, changing, gateway, own_pages, pledging
from pledges.changing import ChangeRequest
from pledges.choosing import PledgeRefused
from pledges.consent_texts import VERSION, charge_date, increase_text
from pledges.enums import ChangeState
from pledges.models import Pledge, PledgeChange
from pledges.own_forms import ChangeForm
from pledges.views.proving import asked_of_own_page
from pledges.views.visiting import SeeOther, Visit, opened_by_link

log = logging.getLogger(__name__)


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Visit, pledge: Pledge, token: str) -> HttpResponseBase:
    """GET: the form. POST: its review; with `confirm` it is done, or goes on to pay the difference."""
    if not changing.may_change(pledge, clock.now()):
        return _closed_page(request, pledge, token)
    if request.method != "POST":
        return _form_page(request, ChangeForm(pledge), token)
    if "resume" in request.POST and (waiting := own_pages.pending_of(pledge)):
        return _to_payment(request, pledge, waiting, token)
    form = ChangeForm(pledge, request.POST)
    if not form.is_valid() or "edit" in request.POST:
        return _form_page(request, form, token)
    if "confirm" not in request.POST:
        return _review_page(request, form, token)
    return _confirm(request, form, token)


def _confirm(request: Visit, form: ChangeForm, token: str) -> HttpResponseBase:
    pledge, plan = form.pledge, form.plan
    agreed = "consent" in request.POST
    if plan.amount > pledge.amount and not agreed:
        return _review_page(request, form, token, consent_missing=True)
    if request.POST.get("amount") != str(plan.amount):
        return _review_page(request, form, token, notice=_price_words())
    if changing.is_paid_now(pledge, plan) and (asked_first := asked_of_own_page(request, pledge, "change")):
        return asked_first
    try:
        own_pages.end_pending(pledge)
        asked = changing.ask(pledge, _request(form))
    except PledgeRefused as refused:
        return _refused(request, form, token, refused)
    except gateway.GatewayError as error:
        log.warning("the earlier change of pledge %s is not over: %s", pledge.pk, error)
        return _review_page(request, form, token, notice=_wait_words())
    if asked.state == ChangeState.PENDING:
        return _to_payment(request, pledge, asked, token)
    return SeeOther(reverse("contribution", args=[token]) + "?changed")


def _request(form: ChangeForm) -> ChangeRequest:
    pledge, amount = form.pledge, form.plan.amount
    more = amount > pledge.amount
    return ChangeRequest(
        wanted=form.wanted,
        extra=form.extra_cents,
        zone=form.zone,
        amount=amount,
        consent_text=increase_text(pledge, amount, current()) if more else "",
        consent_version=VERSION,
        consent_language=current(),
    )


def _to_payment(request: Visit, pledge: Pledge, asked: PledgeChange, token: str) -> HttpResponseBase:
    """The hosted page; where it cannot be opened now, the contribution says that it is to be resumed."""
    try:
        return SeeOther(own_pages.open_change_page(asked))
    except gateway.GatewayError as error:
        log.warning("the page of change %s could not be opened: %s", asked.pk, error)
        return SeeOther(reverse("contribution", args=[token]) + "?no_page")


def _refused(request: Visit, form: ChangeForm, token: str, refused: PledgeRefused) -> HttpResponseBase:
    if refused.code == "same":
        return SeeOther(reverse("contribution", args=[token]))
    if refused.code == "closed":
        return _closed_page(request, form.pledge, token)
    if refused.code in ("pending", "paused"):
        words = (
            _wait_words() if refused.code == "pending" else gettext("Payments are paused for now. Nothing was charged.")
        )
        return _review_page(request, form, token, notice=words)
    form.refuse(refused)
    return _form_page(request, form, token)


def _price_words() -> str:
    return gettext("An amount has changed since you opened this page. Please check your choice.")


def _wait_words() -> str:
    return gettext("A payment page for an earlier change is still open. Please try again in a minute.")


def _shared(pledge: Pledge, token: str) -> dict[str, Any]:
    return {"pledge": pledge, "campaign": pledge.campaign, "token": token}


def _closed_page(request: Visit, pledge: Pledge, token: str) -> HttpResponse:
    context = _shared(pledge, token) | {"handed_over": pledging.was_handed_over(pledge)}
    return render(request, "pledges/change_closed.html", context)


def _form_page(request: Visit, form: ChangeForm, token: str) -> HttpResponse:
    return render(request, "pledges/change.html", _shared(form.pledge, token) | {"form": form})


def _review_page(
    request: Visit, form: ChangeForm, token: str, *, notice: str = "", consent_missing: bool = False
) -> HttpResponse:
    pledge, amount = form.pledge, form.plan.amount
    more = amount > pledge.amount
    context = _shared(pledge, token) | {
        "form": form,
        "plan": form.plan,
        "notice": notice,
        "consent_missing": consent_missing,
        "more": more,
        "pays": amount - pledge.amount if changing.is_paid_now(pledge, form.plan) else 0,
        "gets_back": 0 if more or pledge.campaign.is_all_or_nothing else pledge.amount - amount,
        "consent": increase_text(pledge, amount, current()) if more else "",
        "french_consent": increase_text(pledge, amount, FRENCH) if more and current() == ENGLISH else "",
    }
    return render(request, "pledges/change_review.html", context)


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def card(request: Visit, pledge: Pledge, token: str) -> HttpResponseBase:
    """GET says what another card changes; POST goes to the page where it is given."""
    may_replace = cards.may_replace(pledge, clock.now())
    no_page = False
    if request.method == "POST" and may_replace:
        if asked_first := asked_of_own_page(request, pledge, "card"):
            return asked_first
        try:
            return SeeOther(own_pages.open_card_page(pledge))
        except gateway.GatewayError as error:
            log.warning("a card page for pledge %s could not be opened: %s", pledge.pk, error)
            no_page = True
    context = _shared(pledge, token) | {
        "may_replace": may_replace,
        "no_page": no_page,
        "charge_date": charge_date(pledge.campaign),
    }
    return render(request, "pledges/card.html", context)
