"""The tiers an editor may name in a delay notice: those of the campaign being worked on.

Wagtail builds block forms without saying for which page; its `before_create_page` and `before_edit_page` hooks
say it, and the choice is kept for the request.
"""

from contextvars import ContextVar
from uuid import UUID

from campaigns.models import Reward
from home.tenancy import current_cooperative

campaign_key: ContextVar[UUID | None] = ContextVar("campaign_key", default=None)


def tier_choices() -> list[tuple[str, str]]:
    """(block id, title) of each tier; of every campaign of the cooperative where none is being worked on."""
    if current_cooperative() is None:
        return []
    rewards = Reward.objects.select_related("campaign").order_by("campaign_id", "position")
    if key := campaign_key.get():
        rewards = rewards.filter(campaign__translation_key=key)
    return [(str(reward.block_id), reward.title) for reward in rewards]
