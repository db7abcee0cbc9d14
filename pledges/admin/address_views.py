"""Addresses in the admin: backers are asked whether theirs is still right; the team corrects one by hand."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from campaigns.enums import Handover
from campaigns.models import Reward
from home import formats
from home.admin_access import AdminRequest, requires
from home.admin_pages import furniture
from home.models import Cooperative, Role
from pledges import address_checks, audiences, own_settings
from pledges.fulfilment import today_in
from pledges.models import AddressCheck, Pledge
from pledges.own_forms import AddressForm

ROLES = (Role.EDITOR, Role.OWNER)
ICON = "mail"


class TierChoices(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Reward) -> str:
        return f"{obj.title} · {obj.campaign.title}"


class CheckForm(forms.Form):
    """`expected` is how many contributions the page said it would write about."""

    tiers = TierChoices(
        label=gettext_lazy("Rewards"),
        queryset=None,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one reward.")},
    )
    ship_on = forms.DateField(label=gettext_lazy("Mailed from"), widget=forms.DateInput({"type": "date"}))
    lock_on = forms.DateField(
        label=gettext_lazy("Corrections until"),
        widget=forms.DateInput({"type": "date"}),
        help_text=gettext_lazy("Addresses are locked at the end of that day."),
    )
    expected = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, cooperative: Cooperative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today_in(cooperative)
        mailed = Reward.objects.filter(cooperative=cooperative, handover=Handover.POST).select_related("campaign")
        self.fields["tiers"].queryset = mailed.order_by("-campaign_id", "position")  # type: ignore[attr-defined]

    def clean_lock_on(self) -> Any:
        if self.cleaned_data["lock_on"] <= self.today:
            raise forms.ValidationError(_("Choose a day after today."))
        return self.cleaned_data["lock_on"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        tiers = list(cleaned.get("tiers") or [])
        if len({tier.campaign_id for tier in tiers}) > 1:
            self.add_error("tiers", _("Choose rewards of one campaign."))
        ship_on, lock_on = cleaned.get("ship_on"), cleaned.get("lock_on")
        if ship_on and lock_on and ship_on < lock_on:
            self.add_error("ship_on", _("Nothing is mailed before the last day for corrections."))
        return cleaned

    def kept(self) -> list[tuple[str, str]]:
        """Everything that was typed, as the second page posts it again."""
        dates = [(name, self.cleaned_data[name].isoformat()) for name in ("ship_on", "lock_on")]
        return [("tiers", str(tier.pk)) for tier in self.cleaned_data["tiers"]] + dates


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
def check(request: AdminRequest) -> HttpResponse:
    """GET asks for which rewards; POST shows who gets it; POST with `act` asks them."""
    act = request.POST.get("act", "")
    data = request.POST if request.method == "POST" else None
    form = CheckForm(data, cooperative=request.cooperative)
    if act != "correct" and form.is_valid():
        pledges = address_checks.parcels(list(form.cleaned_data["tiers"]))
        audience = audiences.of_pledges(pledges)
        if act == "ask" and form.cleaned_data["expected"] == audience.count:
            return _asked(request, form)
        return _page(request, "pledges/admin/address_check_confirm.html", _who(pledges, form, audience))
    past = AddressCheck.objects.filter(cooperative=request.cooperative).select_related("campaign")
    context = {"form": form, "past": past.prefetch_related("tiers").order_by("-pk")[:20]}
    return _page(request, "pledges/admin/address_check.html", context)


def _who(pledges: Any, form: CheckForm, audience: audiences.Audience) -> dict[str, Any]:
    missing = pledges.filter(address=None)
    return {
        "form": form,
        "audience": audience,
        "missing": missing.count(),
        "changed_meanwhile": form.cleaned_data["expected"] not in (None, audience.count),
        "submit_label": _("Ask %(n)s people for their address") % {"n": formats.number(audience.count)}
        if audience.count != 1
        else _("Ask one person for their address"),
    }


def _asked(request: AdminRequest, form: CheckForm) -> HttpResponse:
    tiers = list(form.cleaned_data["tiers"])
    days = {name: form.cleaned_data[name] for name in ("ship_on", "lock_on")}
    if address_checks.ask(tiers[0].campaign, tiers, by=request.user, **days):
        messages.success(request, _("The emails are leaving. Addresses are locked once the last day is over."))
    else:
        messages.warning(request, _("This was asked a moment ago: nobody is written to twice."))
    return redirect("pledges_address_check")


def _page(request: AdminRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    above = [(reverse("pledges_fulfilment"), _("Fulfilment"))]
    return TemplateResponse(request, template, furniture(_("Check addresses"), ICON, above=above) | context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(*ROLES)
def correct(request: AdminRequest, pledge_id: int) -> HttpResponse:
    """The address of one contribution, locked or not: backers write to the team once it is."""
    rows = Pledge.objects.filter(cooperative=request.cooperative).select_related("backer", "cooperative", "campaign")
    pledge = get_object_or_404(rows, pk=pledge_id, backer__erased_at=None)
    form = AddressForm(pledge, request.POST or None, instance=own_settings.address_of(pledge))
    own = reverse("pledges_contribution", args=[pledge.pk])
    if request.method == "POST" and form.is_valid():
        own_settings.correct_address(pledge, form.fields_given())
        messages.success(request, _("The address is saved."))
        return redirect(own)
    above = [(reverse("pledges_contributions"), _("Contributions")), (own, pledge.backer.name)]
    return TemplateResponse(
        request,
        "pledges/admin/survey_form.html",
        furniture(_("Address"), ICON, above=above) | {"form": form, "back_url": own},
    )
