"""The panel on the admin's first page: how the live campaigns are doing, and what waits for someone."""

from typing import Any, Self, cast

from django.conf import settings
from django.http import HttpRequest
from wagtail.admin.ui.components import Component

from campaigns.models import Campaign, CampaignState
from home import formats
from home.admin_access import AdminRequest, has_role
from home.models import Role
from pledges import accounts
from pledges.admin.listing import to_mend_count
from pledges.fulfilment import late_count
from pledges.models import StripeAccount
from pledges.totals import Progress, progress_of_all


def _with_percent(progress: Progress) -> tuple[Progress, str]:
    return progress, formats.percent(progress.amount, progress.campaign.goal)


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
