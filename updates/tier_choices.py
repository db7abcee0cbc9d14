"""The tiers an editor may name in a delay notice: those of the campaign being worked on.

Wagtail builds block forms without saying for which page; its `before_create_page` and `before_edit_page` hooks
say it, and the choice is kept for the request (updates.signal_handlers forgets it when the next one starts).
"""

from contextvars import ContextVar
from uuid import UUID

from django.utils.translation import gettext as _

from campaigns.models import Reward
from home import formats
from home.tenancy import current_cooperative
from pledges.promises import annotate_tier_month

campaign_key: ContextVar[UUID | None] = ContextVar("campaign_key", default=None)


def tier_choices() -> list[tuple[str, str]]:
    """(block id, title and current month) of each tier; of all campaigns where none is being worked on."""
    if current_cooperative() is None:
        return []
    rewards = annotate_tier_month(Reward.objects.order_by("campaign_id", "position"))
    if key := campaign_key.get():
        rewards = rewards.filter(campaign__translation_key=key)
    return [(str(reward.block_id), _label(reward)) for reward in rewards]


def _label(reward: Reward) -> str:
    return _("“%(reward)s”: expected in %(month)s") % {
        "reward": reward.title,
        "month": formats.month(reward.month_now),  # type: ignore[attr-defined]
    }
