"""The panel on the admin's first page: how the live campaigns are doing, and what waits for someone."""

from typing import Any, cast

from django.http import HttpRequest
from wagtail.admin.ui.components import Component

from campaigns.models import Campaign, CampaignState
from home import formats
from home.admin_access import AdminRequest, has_role
from home.models import Role
from pledges.admin.listing import to_mend_count
from pledges.fulfilment import late_count
from pledges.totals import Progress, progress_of_all


def _with_percent(progress: Progress) -> tuple[Progress, str]:
    return progress, formats.percent(progress.amount, progress.campaign.goal)


class CampaignsPanel(Component):
    name = "campaigns"
    template_name = "pledges/admin/campaigns_panel.html"
    order = 50

    def __init__(self, request: HttpRequest) -> None:
        self.request = cast(AdminRequest, request)

    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        cooperative = self.request.cooperative
        live = list(Campaign.objects.filter(cooperative=cooperative, state=CampaignState.LIVE).order_by("deadline"))
        progress = progress_of_all(live)
        return {
            "cooperative": cooperative,
            "progress": [_with_percent(progress[campaign.pk]) for campaign in live],
            "late": late_count(cooperative),
            "to_mend": to_mend_count(cooperative),
            "may_fulfil": has_role(self.request, Role.EDITOR, Role.OWNER),
            "may_see_contributions": has_role(self.request, Role.EDITOR, Role.TREASURER, Role.OWNER),
        }
