"""Which campaign a page of the admin is about, and what stands around it."""

from dataclasses import dataclass

from django.db.models import BigIntegerField
from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from campaigns import groups, reviewing
from campaigns.enums import CampaignState
from campaigns.models import Campaign, CampaignPage
from home.admin_access import AdminRequest, has_role
from home.admin_pages import Crumb
from home.models import Role
from home.queries import cooperative_of

#: Who sees a dossier: those who write, those who read it, those who decide.
ROLES = (Role.EDITOR, Role.ADVISER, Role.OWNER)
TEAM = (Role.EDITOR, Role.OWNER)
ICON = "tasks"


@dataclass(frozen=True)
class Case:
    """A campaign as its dossier shows it. `draft` is what its editor last saved; no terms before it is submitted."""

    request: AdminRequest
    page: CampaignPage
    draft: CampaignPage
    campaign: Campaign | None

    @property
    def state(self) -> CampaignState:
        return CampaignState(self.campaign.state) if self.campaign else CampaignState.DRAFT

    @property
    def may_edit(self) -> bool:
        return has_role(self.request, *TEAM)

    @property
    def may_ask(self) -> bool:
        return has_role(self.request, Role.ADVISER, Role.OWNER)

    @property
    def may_approve(self) -> bool:
        return reviewing.may_approve(self.request.user, self.page)

    @property
    def url(self) -> str:
        return reverse("campaigns_dossier", args=[self.page.pk])

    @property
    def title(self) -> str:
        return self.draft.title


def case_or_404(request: AdminRequest, page_id: int) -> Case:
    """From any of its pages, the source or its translation. Another cooperative's is not found."""
    if page_id > BigIntegerField.MAX_BIGINT:
        raise Http404
    page = CampaignPage.objects.select_related("locale", "owner", "latest_revision").filter(pk=page_id).first()
    if page is None or cooperative_of(page) != request.cooperative:
        raise Http404
    source = groups.source_of(page)
    rows = Campaign.objects.select_related(
        "submitted_by", "approved_by", "launched_by", "extended_by", "cooperative__site"
    )
    campaign = rows.filter(translation_key=source.translation_key).first()
    return Case(request, source, groups.latest(source), campaign)


def campaigns_crumb() -> Crumb:
    return reverse("campaigns_index"), _("Campaigns")
