"""After the end: some tiers are still offered, paid for at once, and count in no total of the campaign."""

from campaigns import lifecycle, queries
from campaigns.models import Campaign, Reward
from home import clock


def are_offered(campaign: Campaign) -> bool:
    """Whether a contribution may still be made, and something is left to choose. At most one query."""
    now = clock.now()
    if not lifecycle.takes_late_pledges(campaign, now):
        return False
    return any(_is_left(reward) for reward in queries.late_rewards(campaign, now) if not reward.is_add_on)


def _is_left(reward: Reward) -> bool:
    return reward.limit is None or reward.stock.left > 0
