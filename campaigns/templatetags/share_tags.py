"""What a page offers to pass it on."""

from typing import Any

from django import template

from campaigns.models import Campaign, CampaignPage, Reward
from campaigns.sharing.addresses import Share, reward_url, share_of
from home.referral import via_of

register = template.Library()


@register.simple_tag(takes_context=True)
def share_links(context: dict[str, Any], campaign: Campaign, page: CampaignPage) -> Share:
    """With the code through which the visitor came, so that whoever passed it on first is still known."""
    request = context.get("request")
    return share_of(campaign, page, via_of(request), request)


@register.simple_tag(takes_context=True)
def reward_address(context: dict[str, Any], reward: Reward) -> str:
    return reward_url(reward, via_of(context.get("request")))
