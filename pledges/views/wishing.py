"""Forms of who contributes nothing yet, at addresses of their own, so that a page that may be cached holds none."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from campaigns import lifecycle, queries
from campaigns.models import Campaign
from campaigns.public_forms import NotifyForm
from home import clock
from home.attempts import Limit, minutes_to_wait
from home.languages import current
from home.links import LinkRefused
from pledges import resuming, subscribing
from pledges.consent_texts import NEWS
from pledges.views.proving import many_words, wait
from pledges.views.visiting import SeeOther, Visit, own_page

#: How many of these wishes one network may make.
WISHES = Limit("wishes", most=20, within=timedelta(minutes=10))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def when_resumed(request: Visit, campaign_id: int) -> HttpResponseBase:
    """While payments are paused. The answer is the same whoever asks; the form of a contribution may post here too."""
    campaign = _campaign(request, campaign_id)
    if not resuming.is_paused(campaign):
        return _elsewhere(campaign)
    form = NotifyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if minutes := minutes_to_wait(request, WISHES):
            return wait(paused_page(request, campaign, form, notice=many_words(minutes)), minutes)
        resuming.ask(campaign, email=form.cleaned_data["email"], language=form.cleaned_data["language"])
        return SeeOther(reverse("resuming_noted", args=[campaign.pk]))
    return paused_page(request, campaign, form)


@require_safe
def resuming_noted(request: Visit, campaign_id: int) -> HttpResponse:
    context = {"heading": gettext("It is noted"), "lead": gettext("We will write to you when payments resume.")}
    return render(request, "pledges/noted.html", _shared(_campaign(request, campaign_id)) | context)


def paused_page(
    request: HttpRequest, campaign: Campaign, form: NotifyForm | None = None, *, notice: str = ""
) -> HttpResponse:
    """That nothing can be paid now, and where to leave an address."""
    told = gettext("Payments are paused for now. Nothing was charged.")
    asked = gettext("Leave your email: we will write to you when they resume.")
    context = {
        "heading": gettext("Contribute to “%(campaign)s”") % {"campaign": campaign.title},
        "lead": f"{told} {asked}",
        "consent": resuming.CONSENT,
        "button": gettext("Tell me when they resume"),
        "action": reverse("resuming", args=[campaign.pk]),
        "form": form or NotifyForm(),
        "notice": notice,
    }
    return render(request, "pledges/wish.html", _shared(campaign) | context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def news(request: Visit, campaign_id: int) -> HttpResponseBase:
    """« Recevoir les nouvelles », without contributing. The answer is the same whoever asks.

    No news comes of a cooperative that left: it takes no address any more.
    """
    campaign = _campaign(request, campaign_id)
    if campaign.cooperative.archived_at:
        return HttpResponseRedirect(queries.url_in(campaign, current()))
    form = NotifyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if minutes := minutes_to_wait(request, WISHES):
            return wait(_news_page(request, campaign, form, notice=many_words(minutes)), minutes)
        subscribing.ask(campaign, email=form.cleaned_data["email"], language=form.cleaned_data["language"])
        return SeeOther(reverse("campaign_news_noted", args=[campaign.pk]))
    return _news_page(request, campaign, form)


def _news_page(request: Visit, campaign: Campaign, form: NotifyForm, *, notice: str = "") -> HttpResponse:
    context = {
        "heading": gettext("Get the news of “%(campaign)s”") % {"campaign": campaign.title},
        "lead": gettext("We will first ask you, by email, to confirm your address."),
        "consent": NEWS,
        "button": gettext("Get the news"),
        "action": reverse("campaign_news", args=[campaign.pk]),
        "form": form,
        "notice": notice,
    }
    return render(request, "pledges/wish.html", _shared(campaign) | context)


@require_safe
def news_noted(request: Visit, campaign_id: int) -> HttpResponse:
    """Says the same to everyone, and nothing about who reads."""
    lead = gettext(
        "An email is on its way: the link in it confirms your address. If you already get the news, nothing changes."
    )
    context = {"heading": gettext("It is noted"), "lead": lead}
    return render(request, "pledges/noted.html", _shared(_campaign(request, campaign_id)) | context)


@own_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm_news(request: Visit, token: str) -> HttpResponseBase:
    """GET asks, so that no program that opens links subscribes anyone; POST confirms."""
    try:
        asked = subscribing.asked_in(token)
    except LinkRefused:
        lead = gettext("This link no longer works: it has expired. Ask for the news again on the campaign's page.")
        context = {"heading": gettext("This link no longer works"), "lead": lead}
        return render(request, "pledges/news_confirm.html", context, status=410)
    if done := request.method == "POST":
        subscribing.confirm(asked)
    words = gettext("The news of “%(campaign)s” will be sent to %(email)s.")
    shown: dict[str, Any] = {
        "heading": gettext("You will get the news") if done else gettext("Confirm your address"),
        "lead": words % {"campaign": asked.campaign.title, "email": asked.backer.email},
        "consent": NEWS,
        "done": done,
    }
    return render(request, "pledges/news_confirm.html", _shared(asked.campaign) | shown)


def _elsewhere(campaign: Campaign) -> HttpResponseBase:
    """To the form of a contribution where payments are taken, else to the campaign."""
    if lifecycle.takes_pledges(campaign, clock.now()) and queries.is_public(campaign):
        return HttpResponseRedirect(reverse("contribute", args=[campaign.pk]))
    return HttpResponseRedirect(queries.url_in(campaign, current()))


def _shared(campaign: Campaign) -> dict[str, Any]:
    return {"campaign": campaign, "campaign_url": queries.url_in(campaign, current())}


def _campaign(request: Visit, campaign_id: int) -> Campaign:
    """Found here if it is, or was, public."""
    return get_object_or_404(
        queries.campaigns_of(request.cooperative).select_related("cooperative__site"), pk=campaign_id
    )
