"""Beside « Ma journée », on the admin's first page: how the campaigns that run are doing, day by day."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest
from django.urls import reverse
from wagtail.admin.ui.components import Component

from campaigns import groups
from campaigns.admin.access import ROLES, TEAM
from campaigns.enums import OVER
from campaigns.models import Campaign, CampaignState
from home import clock
from home.admin_access import AdminRequest, has_role
from home.models import Cooperative
from pledges import extending, likelihood
from pledges.admin.pace_chart import Chart, chart_of
from pledges.fulfilment import today_in
from pledges.pace import paces_of
from pledges.totals import Progress, progress_of_all


@dataclass(frozen=True)
class Shown:
    """A campaign: how far it is, its days, whether its goal looks out of reach, and where its deadline may be moved.

    `url` and `extend_url` are empty where there is nothing to open, or not for this person.
    """

    progress: Progress
    chart: Chart | None
    url: str
    is_unlikely: bool
    extend_url: str

    @property
    def campaign(self) -> Campaign:
        return self.progress.campaign


def shown_campaigns(cooperative: Cooperative) -> list[Campaign]:
    """Those that run, the first to end on top; where none does, the one that ended last."""
    rows = Campaign.objects.filter(cooperative=cooperative).select_related("cooperative")
    live = list(rows.filter(state=CampaignState.LIVE).order_by("deadline", "pk"))
    return live or list(rows.filter(state__in=[CampaignState.CLOSING, *OVER]).order_by("-deadline", "-pk")[:1])


def _shown(campaigns: list[Campaign], request: AdminRequest) -> Iterator[Shown]:
    cooperative, now = request.cooperative, clock.now()
    known = progress_of_all(campaigns)
    paces = paces_of(campaigns, cooperative.time_zone, today_in(cooperative))
    pages = groups.page_ids(campaigns) if campaigns and has_role(request, *ROLES) else {}
    for campaign in campaigns:
        page, pace = pages.get(campaign.pk), paces.get(campaign.pk)
        may_extend = page is not None and has_role(request, *TEAM) and extending.may_extend(campaign)
        yield Shown(
            progress=known[campaign.pk],
            chart=chart_of(pace) if pace else None,
            url=reverse("campaigns_dossier", args=[page]) if page else "",
            is_unlikely=likelihood.is_goal_unlikely(known[campaign.pk], now),
            extend_url=reverse("campaign_extend", args=[page]) if may_extend else "",
        )


class CampaignsPanel(Component):
    name = "campaigns"
    template_name = "pledges/admin/campaigns_panel.html"
    order = 20

    def __init__(self, request: HttpRequest) -> None:
        self.request = cast(AdminRequest, request)

    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        shown = list(_shown(shown_campaigns(self.request.cooperative), self.request))
        writes = has_role(self.request, *TEAM)
        campaigns_url = reverse("campaigns_index") if writes and not shown else ""
        return {"cooperative": self.request.cooperative, "shown": shown, "campaigns_url": campaigns_url}
