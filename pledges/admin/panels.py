"""The panel on the admin's first page: how the live campaigns are doing, and what waits for someone."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self, cast
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from wagtail.admin.ui.components import Component

from campaigns.admin.access import TEAM
from campaigns.models import Campaign, CampaignPage, CampaignState
from home import clock, formats
from home.admin_access import AdminRequest, has_role
from home.models import Role
from pledges import accounts, extending, likelihood, unreachable
from pledges.admin.listing import to_mend_count
from pledges.fulfilment import late_count
from pledges.models import StripeAccount
from pledges.totals import Progress, progress_of_all


@dataclass(frozen=True)
class Running:
    """A live campaign: how far it is, whether its goal looks out of reach, and where its deadline may be moved."""

    progress: Progress
    percent: str
    is_unlikely: bool
    extend_url: str


def _running(campaigns: list[Campaign], may_extend: bool) -> Iterator[Running]:
    """`extend_url` is empty where it cannot be done, or not by this person."""
    known, now = progress_of_all(campaigns), clock.now()
    pages = _page_ids(campaigns) if may_extend else {}
    for campaign in campaigns:
        progress, page_id = known[campaign.pk], pages.get(campaign.translation_key)
        can = page_id is not None and extending.may_extend(campaign)
        yield Running(
            progress=progress,
            percent=formats.percent(progress.amount, campaign.goal),
            is_unlikely=likelihood.is_goal_unlikely(progress, now),
            extend_url=reverse("campaign_extend", args=[page_id]) if can else "",
        )


def _page_ids(campaigns: list[Campaign]) -> dict[UUID, int]:
    """A page of each, by translation key; its dossier finds the source by itself."""
    pages = CampaignPage.objects.filter(translation_key__in=[one.translation_key for one in campaigns], alias_of=None)
    return dict(pages.values_list("translation_key", "pk"))


class AccountPanel(Component):
    """A notice for the whole team: payments stopped, or will unless Stripe is answered."""

    name = "payment_account"
    template_name = "pledges/admin/account_panel.html"
    order = 10

    def __init__(self, request: HttpRequest, state: StripeAccount | None) -> None:
        self.request, self.state = cast(AdminRequest, request), state

    @classmethod
    def of(cls, request: HttpRequest) -> Self | None:
        """None where all is well, and before payments were ever taken."""
        cooperative = cast(AdminRequest, request).cooperative
        state = accounts.state_of(cooperative)
        asked = state is not None and state.due_by is not None and bool(state.requirements)
        lost = cooperative.disconnected_at is not None or (state is not None and state.charges_lost_at is not None)
        return cls(request, state) if asked or lost else None

    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        return {
            "cooperative": self.request.cooperative,
            "state": self.state,
            "processor": settings.PAYMENT_PROCESSOR_NAME,
        }


class CampaignsPanel(Component):
    name = "campaigns"
    template_name = "pledges/admin/campaigns_panel.html"
    order = 50

    def __init__(self, request: HttpRequest) -> None:
        self.request = cast(AdminRequest, request)

    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        cooperative = self.request.cooperative
        live = Campaign.objects.filter(cooperative=cooperative, state=CampaignState.LIVE)
        campaigns = list(live.select_related("cooperative").order_by("deadline"))
        return {
            "cooperative": cooperative,
            "running": list(_running(campaigns, has_role(self.request, *TEAM))),
            "late": late_count(cooperative),
            "to_mend": to_mend_count(cooperative),
            "unreached": unreachable.backers_of(cooperative).count(),
            "may_fulfil": has_role(self.request, Role.EDITOR, Role.OWNER),
            "may_see_contributions": has_role(self.request, Role.EDITOR, Role.TREASURER, Role.OWNER),
        }
