"""What the editor's form would refuse in a campaign page, asked of a draft that no form is at hand for.

A draft may be saved long before it is published, and the campaign launched in between.
"""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from campaigns import forms, tier_checks, translation_terms
from campaigns.models import Campaign, CampaignPage


def of(page: CampaignPage) -> list[str]:
    """As sentences; a translation has none, its terms are those of its source."""
    if translation_terms.source_of(page) is not None:
        return []
    return list(_faults(page, page.campaign))


def _faults(page: CampaignPage, campaign: Campaign | None) -> Iterator[str]:
    if campaign is None or not campaign.is_frozen:
        return
    local_end = campaign.deadline.astimezone(ZoneInfo(campaign.cooperative.time_zone)).replace(tzinfo=None)
    if page.goal_unit != campaign.goal_unit:
        yield str(forms.FROZEN_UNIT)
    if page.goal != campaign.goal:
        yield str(forms.FROZEN_GOAL)
    if page.funding_model != campaign.funding_model:
        yield str(forms.FROZEN_MODEL)
    if page.end_date != local_end.date():
        yield str(forms.FROZEN_DEADLINE)
    if tier_checks.body_errors(page.body, campaign, local_end):
        yield _("A reward cannot be published as it is: open the page and publish it there to see why.")
