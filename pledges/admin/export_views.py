"""Lists to download, narrowed by campaign and reward: backers by tier, labels, what is to be picked up."""

from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from campaigns.models import Reward
from campaigns.queries import campaigns_of
from home.admin_access import AdminRequest, has_role, requires
from home.admin_pages import furniture
from home.csv_files import csv_response, exported
from home.languages import current
from home.log_in.recent_login import recent_login
from home.models import Cooperative, Role
from pledges import exports
from pledges.admin.forms import CampaignChoice, RewardChoice
from pledges.exports import Wanted
from pledges.fulfilment import today_in

ROLES = (Role.EDITOR, Role.TREASURER, Role.OWNER)
FULFILS = (Role.EDITOR, Role.OWNER)
ICON = "download"

#: How many of the parcels without an address are named on the page.
NAMED = 20


class ListFilter(forms.Form):
    campaign = CampaignChoice(
        label=gettext_lazy("Campaign"), queryset=None, required=False, empty_label=gettext_lazy("All")
    )
    reward = RewardChoice(label=gettext_lazy("Reward"), queryset=None, required=False, empty_label=gettext_lazy("All"))

    def __init__(self, data: Any, *, cooperative: Cooperative) -> None:
        super().__init__(data)
        rewards = Reward.objects.filter(cooperative=cooperative).select_related("campaign")
        self.fields["campaign"].queryset = campaigns_of(cooperative)  # type: ignore[attr-defined]
        self.fields["reward"].queryset = rewards.order_by("-campaign_id", "position")  # type: ignore[attr-defined]

    def wanted(self) -> Wanted | None:
        """None where the address asks for what is not one's own, or is no number: an empty list, not a whole one."""
        if not self.is_valid():
            return None
        campaign, reward = self.cleaned_data["campaign"], self.cleaned_data["reward"]
        return Wanted(campaign.pk if campaign else None, reward.pk if reward else None)


def _wanted(request: AdminRequest) -> Wanted | None:
    return ListFilter(request.GET, cooperative=request.cooperative).wanted()


@require_safe
@requires(*ROLES)
def index(request: AdminRequest) -> HttpResponse:
    form = ListFilter(request.GET, cooperative=request.cooperative)
    wanted = form.wanted() or Wanted()
    parcels = exports.parcels(request.cooperative, wanted)
    missing = exports.without_address(request.cooperative, wanted)
    missing_count = missing.count()
    context = {
        "filter": form,
        "fulfils": has_role(request, *FULFILS),
        "ready": parcels.count() - missing_count,
        "missing_count": missing_count,
        "missing": missing[:NAMED],
        "named": NAMED,
    }
    above = [(reverse("pledges_contributions"), _("Contributions"))]
    return TemplateResponse(
        request, "pledges/admin/lists.html", furniture(_("Lists to download"), ICON, above=above) | context
    )


def _file_name(request: AdminRequest, name: str) -> str:
    return f"{name}-{request.cooperative.slug}-{today_in(request.cooperative).isoformat()}.csv"


@require_safe
@requires(*ROLES)
@recent_login(back_to="pledges_lists")
def backers(request: AdminRequest) -> HttpResponseBase:
    wanted, language = _wanted(request), current()
    rows = exports.backers(request.cooperative, wanted, language) if wanted else iter(())
    return csv_response(_file_name(request, _("backers")), exports.backers_header(), rows, language, by=request)


@require_safe
@requires(*FULFILS)
@recent_login(back_to="pledges_lists")
def labels(request: AdminRequest) -> HttpResponseBase:
    wanted = _wanted(request)
    rows = exports.labels(request.cooperative, wanted) if wanted else iter(())
    return csv_response(_file_name(request, _("labels")), exports.labels_header(), rows, current(), by=request)


@require_safe
@requires(*FULFILS)
@recent_login(back_to="pledges_lists")
def pick_up(request: AdminRequest) -> HttpResponseBase:
    wanted, language = _wanted(request), current()
    rows = exports.pick_up(request.cooperative, wanted, language) if wanted else iter(())
    return csv_response(_file_name(request, _("pick-up")), exports.pick_up_header(), rows, language, by=request)


@require_safe
@requires(*FULFILS)
@recent_login
def pick_up_page(request: AdminRequest) -> HttpResponse:
    """To be printed, a table for each place, a box to tick for each reward."""
    wanted = _wanted(request)
    waiting = exports.to_pick_up(request.cooperative, wanted, current()) if wanted else iter(())
    places = [(place, list(some)) for place, some in groupby(waiting, key=lambda one: (one.place, one.hours))]
    exported(request.cooperative, request.user, _("pick-up"))
    context = {"places": places, "today": today_in(request.cooperative)}
    return TemplateResponse(request, "pledges/admin/pick_up.html", context)
