"""Reads that several rooms share."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from campaigns.enums import PREPARING
from campaigns.models import Campaign, CampaignPage, Reward
from home.models import Cooperative
from home.ready_queries import Ready


def page_in(campaign: Campaign, language: str) -> CampaignPage | None:
    """The campaign's live page in a language, else in the other one."""
    pages = CampaignPage.objects.live().filter(translation_key=campaign.translation_key).select_related("locale")
    by_language = {page.locale.language_code: page for page in pages}
    return by_language.get(language) or next(iter(by_language.values()), None)


def url_in(campaign: Campaign, language: str) -> str:
    """The absolute address of the campaign for a reader of that language."""
    page = page_in(campaign, language)
    return page.full_url if page else campaign.cooperative.root_url


def has_wall(campaign: Campaign) -> bool:
    """Whether a live page of the campaign, in either language, shows a wall of thanks. One query."""
    return any(walls_of(campaign))


def walls_of(campaign: Campaign) -> list[bool]:
    """Of each live page of the campaign: whether it shows a wall of thanks. None is public where it is empty."""
    bodies = (page.body.raw_data for page in _BODIES(campaign.translation_key))
    return [any(block["type"] == "wall" for block in body) for body in bodies]


def _bodies(key: UUID) -> QuerySet[CampaignPage]:
    return CampaignPage.objects.filter(live=True, translation_key=key).only("body").order_by()


_BODIES = Ready(_bodies, prepared=True)


def rewards_of(campaign: Campaign) -> QuerySet[Reward]:
    """Every tier in page order, with its stock."""
    return campaign.rewards.select_related("stock").order_by("position", "id")


def rewards_on_sale(campaign: Campaign, at: datetime) -> QuerySet[Reward]:
    """Those that may be chosen at that instant, if some are left."""
    opened = Q(available_from=None) | Q(available_from__lte=at)
    open_still = Q(available_until=None) | Q(available_until__gt=at)
    return rewards_of(campaign).filter(opened, open_still, retired_at=None)


def late_rewards(campaign: Campaign, at: datetime) -> QuerySet[Reward]:
    """Those that are still offered once the campaign has ended, if it `takes_late_pledges`."""
    return rewards_on_sale(campaign, at).filter(sold_late=True)


def is_public(campaign: Campaign) -> bool:
    """Whether a visitor can read what it is about, in one language at least."""
    return CampaignPage.objects.live().filter(translation_key=campaign.translation_key).exists()


def campaigns_of(cooperative: Cooperative) -> QuerySet[Campaign]:
    """Every campaign that is or was public, latest first."""
    return Campaign.objects.filter(cooperative=cooperative).exclude(state__in=PREPARING).order_by("-launched_at")


def freeze(reward: Reward, at: datetime) -> Reward:
    """The first pledge of a tier freezes its amount and month; called inside the pledge's transaction.

    Returns the tier as it is from then on: a publication that was about to change it has come first or comes too late.
    """
    if reward.frozen_at is None:
        Reward.objects.filter(pk=reward.pk, frozen_at=None).update(frozen_at=at)
        reward.refresh_from_db()
    return reward
