"""What the pictures of a campaign and of its tiers say, from the rows; and under which address they are found."""

from django.urls import reverse
from django.utils.translation import gettext

from campaigns import measures
from campaigns.models import CampaignPage, Reward
from campaigns.sharing.drawing import Affiche
from home import formats
from home.brand import branding
from home.models import Brand
from pledges.totals import Progress


def affiche_of(page: CampaignPage, progress: Progress, brand: Brand) -> Affiche:
    """The campaign's own; until someone has contributed, its goal alone."""
    return Affiche(
        kicker=progress.campaign.cooperative.name,
        title=page.title,
        figure=formats.percent(progress.amount, progress.campaign.goal) if progress.percent > 0 else "",
        line=_goal(progress),
        share=max(progress.percent, 0),
        palette=branding.palette(brand),
    )


def affiche_of_reward(page: CampaignPage, reward: Reward, progress: Progress, brand: Brand) -> Affiche:
    """A tier's: its price, and how far the campaign is that it is of."""
    percent = formats.percent(progress.amount, progress.campaign.goal)
    return Affiche(
        kicker=page.title,
        title=reward.title,
        figure=formats.money(reward.amount, progress.campaign.currency),
        line=f"{percent} · {_goal(progress)}" if progress.percent > 0 else _goal(progress),
        share=max(progress.percent, 0),
        palette=branding.palette(brand),
    )


def _goal(progress: Progress) -> str:
    campaign = progress.campaign
    return gettext("Goal: %(goal)s") % {"goal": measures.goal_of(campaign, campaign.currency)}


def own_image_name(page: CampaignPage) -> str:
    """Of the picture that the editor chose; empty where one is drawn."""
    return f"i{page.social_image_id}.jpg" if page.social_image_id else ""


def image_url(page: CampaignPage, progress: Progress, brand: Brand) -> str:
    """The absolute address of the campaign's picture. Asks the database for nothing."""
    name = own_image_name(page) or affiche_of(page, progress, brand).name
    campaign = progress.campaign
    return campaign.cooperative.root_url + reverse("campaign_image", args=[campaign.pk, name])


def reward_image_url(page: CampaignPage, reward: Reward, progress: Progress, brand: Brand) -> str:
    campaign = progress.campaign
    name = affiche_of_reward(page, reward, progress, brand).name
    return campaign.cooperative.root_url + reverse("reward_image", args=[campaign.pk, reward.pk, name])
