"""Another email address: asked for on one's own page; confirmed, or undone, on the page that a mail leads to."""

from collections.abc import Callable

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from campaigns import queries
from home.form_limits import KEYS, OWN_PAGES, limited
from home.languages import current
from home.links import LinkRefused
from pledges import email_changes
from pledges.email_change_forms import EmailChangeForm
from pledges.email_changes import ChangeRefused, Refusal
from pledges.models import EmailChange, Pledge
from pledges.views.visiting import SeeOther, Visit, old_link_page, opened_by_link, own_page


@opened_by_link
@limited(OWN_PAGES, email="email")
@require_http_methods(["GET", "HEAD", "POST"])
def change(request: Visit, pledge: Pledge, token: str) -> HttpResponseBase:
    """GET: the form. POST: a link is mailed to the new address, and nothing else happens."""
    form = EmailChangeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            email_changes.ask(pledge, form.cleaned_data["email"])
        except ChangeRefused as refused:
            form.refuse(refused.refusal)
        else:
            return SeeOther(reverse("contribution", args=[token]) + "?email_asked")
    context = {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "token": token,
        "form": form,
        "email": email_changes.masked(pledge.backer.email) if pledge.backer.email else "",
    }
    return render(request, "pledges/email_change.html", context)


@own_page
@limited(KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: Visit, token: str) -> HttpResponseBase:
    """GET asks, so that no program that opens links changes anything; POST confirms."""
    try:
        found = email_changes.change_in(email_changes.CONFIRM, token)
    except LinkRefused:
        return old_link_page(request)
    said = {
        "heading": gettext("Confirm your new address"),
        "lead": gettext("Emails about your contributions will go to %(email)s.") % {"email": found.new_email},
        "button": gettext("Confirm this address"),
    }
    done = {
        "heading": gettext("Your address is changed"),
        "lead": gettext("Emails about your contributions now go to %(email)s.") % {"email": found.new_email},
    }
    return _act(request, found, email_changes.may_confirm(found), email_changes.confirm, said, done)


@own_page
@limited(KEYS)
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: Visit, token: str) -> HttpResponseBase:
    """GET asks; POST undoes."""
    try:
        found = email_changes.change_in(email_changes.UNDO, token)
    except LinkRefused:
        return old_link_page(request)
    said = {
        "heading": gettext("Undo the change of address"),
        "lead": gettext("Emails about your contributions will go to %(email)s again.") % {"email": found.old_email},
        "button": gettext("Undo this change"),
    }
    done = {
        "heading": gettext("The change is undone"),
        "lead": gettext("A new link to “My contribution” is on its way to you; the earlier ones no longer work."),
    }
    return _act(request, found, email_changes.may_undo(found), email_changes.undo, said, done)


def _act(
    request: Visit,
    found: EmailChange,
    may: bool,
    act: Callable[[EmailChange], None],
    said: dict[str, str],
    done: dict[str, str],
) -> HttpResponse:
    shown, status = (said, 200) if may else (_refused(found, Refusal.OVER), 410)
    if may and request.method == "POST":
        try:
            act(found)
            shown = done
        except ChangeRefused as refused:
            shown, status = _refused(found, refused.refusal), 409
    campaign = found.pledge.campaign
    context = {"campaign": campaign, "campaign_url": queries.url_in(campaign, current()), "is_said": shown is not said}
    return render(request, "pledges/email_act.html", context | shown, status=status)


def _refused(found: EmailChange, refusal: Refusal) -> dict[str, str]:
    contact = {"contact_email": found.pledge.campaign.cooperative.contact_email}
    if refusal == Refusal.TAKEN:
        words = gettext(
            "Other contributions were made with this address. Write to us at %(contact_email)s: we will bring them "
            "together."
        )
    else:
        words = gettext("It has expired, or was used already. A question? Write to %(contact_email)s.")
    heading = gettext("Nothing was changed") if refusal == Refusal.TAKEN else gettext("This link no longer works")
    return {"heading": heading, "lead": words % contact}
