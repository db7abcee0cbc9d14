"""Whether a goal is likely to be missed: at the pace so far, it would not be reached by the deadline.

The rule is plain, so that a team can reckon it by hand: from half of the campaign's time on, what counts towards the
goal is drawn out in a straight line. Contributions do not come evenly, so that nothing hangs on it but advice.
"""

from datetime import datetime

from pledges.totals import Progress


def is_goal_unlikely(progress: Progress, at: datetime) -> bool:
    """False before half of the time has passed, and once the goal is reached."""
    campaign = progress.campaign
    if campaign.launched_at is None or not campaign.is_live or at >= campaign.deadline or progress.is_reached:
        return False
    whole, passed = campaign.deadline - campaign.launched_at, at - campaign.launched_at
    if passed * 2 < whole:
        return False
    return progress.amount * whole < campaign.goal * passed
