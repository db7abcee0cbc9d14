"""Choosing and reviewing a contribution. Nothing is written before the review page is agreed to."""

import logging
import uuid
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext, ngettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import lifecycle, measures, queries
from campaigns.enums import BEFORE_LAUNCH
from campaigns.models import Campaign
from home import clock, formats
from home.attempts import minutes_to_wait
from home.form_limits import CHOICES, held_back, limited, wait_words
from home.languages import ENGLISH, FRENCH, current
from home.ready_queries import Ready
from home.referral import VIA_LENGTH
from pledges import checkout, continuing, gateway, guarding, late_pledges, pledging, suspecting
from pledges.choosing import PledgeRefused, PledgeRequest
from pledges.consent_texts import NEWS, VERSION, charge_date, charge_day, consent_text, mark_of
from pledges.enums import CheckoutState, Wall
from pledges.forms import ContributionForm
from pledges.models import Checkout, Continuation
from pledges.tax_words import taxes_in
from pledges.views.proving import Proof, proof_page, sent_page
from pledges.views.visiting import SeeOther, Visit
from pledges.views.wishing import paused_page

log = logging.getLogger(__name__)

#: What the review page posts beside the form: what was read, and that it was agreed to.
AGREED = ("late", "read", "consent")


@cache_control(private=True, no_cache=True)
@require_safe
def contribute(request: Visit, campaign_id: int) -> HttpResponseBase:
    """Step 1: the form. `?reward=` chooses a tier, `?via=` says through which shared link the visitor came.

    After the end it is that of the tiers still offered, if any are.
    """
    campaign = _campaign(request, campaign_id)
    is_late = late_pledges.are_offered(campaign)
    is_over = not is_late and not lifecycle.takes_pledges(campaign, clock.now())
    if is_over or request.cooperative.archived_at:
        return _closed_page(request, campaign, was_filling=False)
    if not queries.is_public(campaign):
        return _hidden_page(request, campaign)
    if not request.cooperative.takes_payments:
        return paused_page(request, campaign)
    initial: dict[str, Any] = {"via": request.GET.get("via", "").replace("\0", "")[: VIA_LENGTH + 1]}
    form = ContributionForm(campaign, initial=initial, is_late=is_late)
    form.choose(request.GET.get("reward", ""))
    return _form_page(request, form)


@cache_control(private=True, no_cache=True)
@limited(CHOICES)
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: Visit, campaign_id: int) -> HttpResponseBase:
    """Step 2: the review; posted again with `confirm` it is the pledge, with `change` the form again, with `link` a
    mail.

    `late` says that the page was one of after the end: one of before never becomes it, as it says other things.
    """
    campaign = _campaign(request, campaign_id)
    if request.method != "POST":
        return HttpResponseRedirect(reverse("contribute", args=[campaign.pk]))
    if "confirm" in request.POST and "link" not in request.POST:
        return _confirm(request, campaign)
    takes = lifecycle.takes_late_pledges if _is_late(request) else lifecycle.takes_pledges
    if not takes(campaign, clock.now()):
        return _closed_page(request, campaign)
    if not queries.is_public(campaign):
        return _hidden_page(request, campaign)
    form = _posted_form(request, campaign)
    if "link" in request.POST and form.is_valid():
        return _send_link(request, form)
    if "change" in request.POST or not form.is_valid() or not request.cooperative.takes_payments:
        return _form_page(request, form)
    return _review_page(request, form)


def out_of_date(request: Visit, campaign_id: int) -> HttpResponseBase:
    """For a form whose token is over: the form again, as it was sent. Nothing else of it is believed."""
    campaign = _campaign(request, campaign_id)
    takes = lifecycle.takes_late_pledges if _is_late(request) else lifecycle.takes_pledges
    if not takes(campaign, clock.now()):
        return _closed_page(request, campaign)
    return _form_page(request, _posted_form(request, campaign), notice=_old_page_words(), status=403)


def _send_link(request: Visit, form: ContributionForm) -> HttpResponse:
    cleaned, shared = form.cleaned_data, _shared(form.campaign, form["via"].value())
    if minutes := minutes_to_wait(request, guarding.LINKS):
        return held_back(_review_page(request, form, notice=wait_words(minutes)), minutes)
    agreed = {name: request.POST[name][:64].replace("\0", "") for name in AGREED if name in request.POST}
    typed = dict(form.kept()) | agreed
    continuing.send(form.campaign, email=cleaned["email"], language=cleaned["language"], typed=typed)
    return sent_page(request, shared)


def _is_late(request: Visit) -> bool:
    return "late" in request.POST


def _posted_form(request: Visit, campaign: Campaign, *, final: bool = False) -> ContributionForm:
    return ContributionForm(campaign, request.POST, final=final, is_late=_is_late(request))


def _campaign(request: Visit, campaign_id: int) -> Campaign:
    campaign: Campaign | None = next(iter(_LAUNCHED(campaign_id)), None)
    if campaign is None:
        raise Http404(f"There is no campaign {campaign_id} here.")
    campaign.cooperative = request.cooperative  # whose scope it was found in; read with its site already
    return campaign


def _launched(campaign_id: int) -> QuerySet[Campaign]:
    return Campaign.objects.exclude(state__in=BEFORE_LAUNCH).filter(pk=campaign_id)


_LAUNCHED = Ready(_launched, prepared=True)


def _confirm(request: Visit, campaign: Campaign) -> HttpResponseBase:
    """Whoever has to prove work and has not is told so before anything is read: that costs next to nothing."""
    verdict = guarding.of_form(request, campaign.pk)
    proof = Proof(request, f"contribution:{campaign.pk}:{request.POST.get('attempt', '')}")
    go = request.POST.get("go", "")
    if verdict.asks_proof and not proof.is_solved and not continuing.is_ours(go):
        return _proof_page(request, campaign, proof, verdict.effort)
    form = _posted_form(request, campaign, final=True)
    if not form.is_valid():
        return _form_page(request, form)
    agreed = "consent" in request.POST
    if not agreed or form.price_notices:
        return _review_page(request, form, consent_missing=not agreed)
    words = consent_text(campaign, form.total, current(), is_late=form.is_late)
    if request.POST.get("read", today := mark_of(words)) != today:  # a name, a goal or a date changed meanwhile
        return _review_page(request, form, notice=_old_page_words())
    link = continuing.may_go_on(campaign, go, form.cleaned_data["email"], form.pledge_key)
    if link is None and verdict.asks_proof and not proof.spend(str(form.pledge_key)):
        return _proof_page(request, campaign, proof, verdict.effort)
    if link is None and (minutes := minutes_to_wait(request, guarding.SESSIONS)):
        return _many_page(request, form, minutes)
    try:
        row = _begin(request, form, words, link)
    except PledgeRefused as refused:
        return _refused_page(request, campaign, refused)
    if row is None:
        return _proof_page(request, campaign, proof, max(verdict.effort, 1))
    suspecting.opens(row.pledge_id, verdict.who, form.total)
    return _to_payment(request, form, row)


def _proof_page(request: Visit, campaign: Campaign, proof: Proof, effort: int) -> HttpResponse:
    action = reverse("contribute_review", args=[campaign.pk])
    return proof_page(request, proof, effort, {"campaign": campaign}, action=action)


def _begin(request: Visit, form: ContributionForm, words: str, link: Continuation | None) -> Checkout | None:
    """The link is used up with the contribution, or not at all; None if another one has just used it."""
    asked = _pledge_request(form, words)
    if link is None:
        return pledging.begin(request.cooperative, asked, form.offer)
    with transaction.atomic():
        row = pledging.begin(request.cooperative, asked, form.offer)
        if continuing.use(link, form.pledge_key):
            return row
        transaction.set_rollback(True)
    return None


def _many_page(request: Visit, form: ContributionForm, minutes: int) -> HttpResponse:
    words = ngettext(
        "There have been many attempts from this network. Try again in %(minutes)s minute, "
        "or get a link by email to continue.",
        "There have been many attempts from this network. Try again in %(minutes)s minutes, "
        "or get a link by email to continue.",
        minutes,
    )
    said = words % {"minutes": formats.number(minutes)}
    return held_back(_review_page(request, form, notice=said, offers_link=True), minutes)


def _pledge_request(form: ContributionForm, words: str) -> PledgeRequest:
    cleaned, campaign = form.cleaned_data, form.campaign
    return PledgeRequest(
        campaign_id=campaign.pk,
        attempt=form.pledge_key,
        email=cleaned["email"],
        name=cleaned["name"],
        language=cleaned["language"],
        consent_text=words,
        consent_version=VERSION,
        chosen=form.as_chosen(),
        extra=form.extra_cents,
        via=cleaned["via"],
        news_text=str(NEWS) if cleaned["news"] else "",
        consent_language=current(),
        wall=cleaned.get("wall", Wall.NEITHER),
        zone=form.mailed_to,
        gift_for=cleaned["gift_for"],
        message=cleaned["message"],
        company_name=cleaned["company_name"],
        company_numbers=cleaned["company_numbers"],
        is_late=form.is_late,
    )


def _to_payment(request: Visit, form: ContributionForm, row: Checkout) -> HttpResponseBase:
    """On to the hosted page; a page that is over or paid for leads where its reader can go on."""
    if row.state == CheckoutState.COMPLETE:
        return SeeOther(reverse("checkout_return", args=[row.key]))
    if row.state == CheckoutState.EXPIRED:
        return _review_page(request, _with_new_key(request, form), notice=_hold_over_words())
    try:
        return SeeOther(checkout.open_page(row, pledging.as_written(row)))
    except gateway.Unavailable as error:
        log.warning("checkout %s could not be opened yet: %s", row.pk, error)
        return _review_page(request, form, notice=_try_again_words())
    except gateway.Refused:
        is_over = row.expires_at - clock.now() < pledging.HOLD  # asked for again after a while: no page is as short
        words = _hold_over_words() if is_over else paused_words()
        return _review_page(request, _with_new_key(request, form), notice=words)


def _with_new_key(request: Visit, form: ContributionForm) -> ContributionForm:
    """The same choice as another attempt: the earlier one came to nothing."""
    data = request.POST.copy()
    data["attempt"] = str(uuid.uuid4())
    renewed = ContributionForm(form.campaign, data, final=True, is_late=form.is_late)
    renewed.is_valid()
    return renewed


def _refused_page(request: Visit, campaign: Campaign, refused: PledgeRefused) -> HttpResponse:
    if refused.code == "closed":
        return _closed_page(request, campaign)
    if refused.code == "hidden":
        return _hidden_page(request, campaign)
    form = _posted_form(request, campaign)
    if refused.code == "price" and form.is_valid():
        return _review_page(request, form)
    form.refuse(refused)
    return _form_page(request, form, notice=paused_words() if refused.code == "paused" else "")


def paused_words() -> str:
    return gettext("Payments are paused for now. Nothing was charged.")


def _old_page_words() -> str:
    return gettext("This page was open for a long time. Your answers are kept: check them and continue.")


def _try_again_words() -> str:
    return gettext(
        "The payment page could not be opened. Nothing was charged and your choice is kept. Please try again."
    )


def _hold_over_words() -> str:
    return gettext("The time held for payment is over; nothing was charged.")


def _form_page(request: Visit, form: ContributionForm, *, notice: str = "", status: int = 200) -> HttpResponse:
    paused = not request.cooperative.takes_payments
    if not notice and paused:
        notice = paused_words()
    context = _shared(form.campaign, form["via"].value()) | {"form": form, "notice": notice, "paused": paused}
    context["go"] = request.POST.get("go", "")
    return render(request, "pledges/choose.html", context, status=status)


def _review_page(
    request: Visit,
    form: ContributionForm,
    *,
    notice: str = "",
    consent_missing: bool = False,
    offers_link: bool = False,
) -> HttpResponse:
    campaign, total, late = form.campaign, form.total, form.is_late
    consent = consent_text(campaign, total, current(), is_late=late)
    context = _shared(campaign, form["via"].value()) | {
        "form": form,
        "notice": notice,
        "consent_missing": consent_missing,
        "offers_link": offers_link,
        "go": request.POST.get("go", ""),
        "total": total,
        "taxes": taxes_in(form.taxable, request.cooperative),
        "is_promise": campaign.is_all_or_nothing and not late,
        "goal": measures.goal_of(campaign, campaign.currency),
        "today": clock.now(),
        "charge_date": charge_date(campaign),
        "warned_before": charge_day(campaign) - _today(campaign) > timedelta(days=3),
        "hold_minutes": pledging.HOLD // timedelta(minutes=1),
        "consent": consent,
        "read": mark_of(consent),
        "french_consent": consent_text(campaign, total, FRENCH, is_late=late) if current() == ENGLISH else "",
    }
    return render(request, "pledges/review.html", context)


def _today(campaign: Campaign) -> date:
    return clock.now().astimezone(ZoneInfo(campaign.cooperative.time_zone)).date()


def _closed_page(request: Visit, campaign: Campaign, *, was_filling: bool = True) -> HttpResponse:
    ended = formats.deadline(campaign.deadline, campaign.cooperative.time_zone)
    words = gettext("The campaign ended on %(deadline)s.")
    if _is_late(request):
        words = gettext("What was still offered after the campaign no longer is. Nothing was charged.")
    elif was_filling:
        words = gettext("The campaign ended on %(deadline)s while you were filling in the page. Nothing was charged.")
    context = _shared(campaign, "") | {
        "ended": words % {"deadline": ended},
        "offered_late": late_pledges.are_offered(campaign) and queries.is_public(campaign),
    }
    return render(request, "pledges/closed.html", context)


def _hidden_page(request: Visit, campaign: Campaign) -> HttpResponse:
    """Nobody contributes to what nobody can read; what was promised before stands."""
    words = gettext(
        "The page of this campaign is not published at the moment, and no contribution can be made. "
        "Contributions already made remain valid. Nothing was charged."
    )
    return render(request, "pledges/closed.html", _shared(campaign, "") | {"ended": words, "hidden": True})


def _shared(campaign: Campaign, via: str | None) -> dict[str, Any]:
    """`translated_url`: the form in the other language; what was typed is not carried over."""
    other = FRENCH if current() == ENGLISH else ENGLISH
    with translation.override(other):
        translated = reverse("contribute", args=[campaign.pk])
    query = f"?{urlencode({'via': via})}" if via else ""
    return {
        "campaign": campaign,
        "campaign_url": queries.url_in(campaign, current()),
        "translated_url": translated + query,
    }
