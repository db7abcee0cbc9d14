"""The panel on the admin's first page: which dossiers wait, and for whom."""

from typing import Any, cast

from django.http import HttpRequest
from wagtail.admin.ui.components import Component

from campaigns.admin.dossier_views import lines_of
from campaigns.enums import CampaignState
from home.admin_access import AdminRequest


class DossiersPanel(Component):
    name = "dossiers"
    template_name = "campaigns/admin/dossiers_panel.html"
    order = 60

    def __init__(self, request: HttpRequest) -> None:
        self.request = cast(AdminRequest, request)

    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        lines = lines_of(self.request.cooperative)
        return {"lines": [line for line in lines if line.state == CampaignState.IN_REVIEW or line.waiting]}
