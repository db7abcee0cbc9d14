"""Address, wall of thanks and language: each page asks, then acts on a POST."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_http_methods

from home.form_limits import OWN_PAGES, limited
from pledges import address_locks, own_settings
from pledges.models import Pledge
from pledges.own_forms import AddressForm, SettingsForm
from pledges.views.visiting import SeeOther, Visit, opened_by_link


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: Visit, pledge: Pledge, token: str) -> HttpResponseBase:
    """GET: the form, or since when it is locked. POST: written, while it is not."""
    found = own_settings.address_of(pledge)
    locked = address_locks.is_locked(found)
    needed = own_settings.needs_address(pledge)
    form = AddressForm(pledge, request.POST if request.method == "POST" else None, instance=found)
    if request.method == "POST" and needed and not locked and form.is_valid():
        if own_settings.set_address(pledge, form.fields_given()):
            return SeeOther(reverse("contribution", args=[token]) + "?address")
        found, locked = own_settings.address_of(pledge), True
    context = {
        "pledge": pledge,
        "campaign": pledge.campaign,
        "token": token,
        "form": form,
        "address": found,
        "locked": locked,
        "locked_on": address_locks.locked_on(found) if locked else None,
        "needed": needed,
    }
    return render(request, "pledges/address.html", context)


@opened_by_link
@limited(OWN_PAGES)
@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: Visit, pledge: Pledge, token: str) -> HttpResponseBase:
    """GET: the form. POST: written; back on the page in the language that was chosen."""
    form = SettingsForm(pledge, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        own_settings.settle(pledge, form.cleaned_data)
        with translation.override(form.cleaned_data["language"]):
            return SeeOther(reverse("contribution", args=[token]) + "?settings")
    context = {"pledge": pledge, "campaign": pledge.campaign, "token": token, "form": form}
    return render(request, "pledges/settings.html", context)
