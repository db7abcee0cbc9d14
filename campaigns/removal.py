"""When the page of a campaign may go, and where it may move: its terms belong to its cooperative and to its backers.

Asked by the admin before it starts (page_hooks), and once more where rows are deleted or moved (signal_handlers), so
that no other way leads past it.
"""

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from wagtail.models import Page

from campaigns import promised
from campaigns.enums import BEFORE_LAUNCH
from campaigns.models import Campaign, CampaignPage, Reward, RewardPostage, RewardStock, RewardVariant
from home.models import Cooperative
from home.queries import cooperative_of
from home.tenancy import within


def terms_from(page: CampaignPage) -> Campaign | None:
    """The terms whose money this page holds: those of the source language. Call within the cooperative."""
    if page.alias_of_id:
        return None
    return Campaign.objects.filter(translation_key=page.translation_key, source_locale_id=page.locale_id).first()


def obstacle_to_deleting(page: CampaignPage) -> str:
    """Why this page cannot be deleted, as a sentence; empty if it can."""
    with within(cooperative_of(page)):
        campaign = terms_from(page)
        if campaign is None or campaign.state in BEFORE_LAUNCH:
            return ""
        if promised.has_contributions(campaign):
            return _(
                "This page holds the amounts and dates of a campaign with contributions: it cannot be deleted. "
                "Unpublish it."
            )
        return _("This page holds the amounts and dates of a campaign that was launched. Unpublish it instead.")


def obstacle_below(page: Page) -> str:
    """The same for all that would go with a page: itself and what stands below it."""
    for campaign_page in CampaignPage.objects.descendant_of(page, inclusive=True):
        if obstacle := obstacle_to_deleting(campaign_page):
            return obstacle
    return ""


def forget_terms(page: CampaignPage) -> None:
    """The terms go with their source page, as long as the campaign was never launched.

    They stay where something else holds on to them (an ambassador, a reader to notify): without a page they are
    shown nowhere.
    """
    with within(cooperative_of(page)):
        campaign = terms_from(page)
        if campaign is None or campaign.state not in BEFORE_LAUNCH:
            return
        try:
            with transaction.atomic():
                _delete(campaign)
        except ProtectedError:
            return


def _delete(campaign: Campaign) -> None:
    rewards = Reward.objects.filter(campaign=campaign)
    for part in (RewardStock, RewardPostage, RewardVariant):
        part._default_manager.filter(reward__in=rewards).delete()
    rewards.delete()
    campaign.delete()


def obstacle_to_moving(page: Page, destination: Page) -> str:
    """Why this campaign page cannot stand below that page; empty if it can."""
    if _cooperative_above(destination) != cooperative_of(page):
        return _("This page cannot move to another cooperative.")
    if destination.locale_id != page.locale_id:
        return _("This page stays below the home page in its own language.")
    return ""


def _cooperative_above(page: Page) -> Cooperative | None:
    try:
        return cooperative_of(page)
    except (Cooperative.DoesNotExist, Page.DoesNotExist):
        return None
