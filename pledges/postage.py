"""What mailing a tier costs its backer. A tier that is mailed and has no price is mailed anywhere within its amount."""

from collections.abc import Iterable

from campaigns.enums import DeliveryZone, Handover
from campaigns.models import Reward
from pledges.taxes import pro_rata


def prices_of(reward: Reward) -> dict[str, int]:
    """Minor units by zone; empty where the zone changes nothing. Reads `postage`, which may be prefetched."""
    if reward.handover != Handover.POST:
        return {}
    return {row.zone: row.price for row in reward.postage.all()}


def price_to(reward: Reward, zone: str) -> int | None:
    """Of mailing one, in minor units; None where the tier is not mailed to that zone."""
    prices = prices_of(reward)
    return prices.get(zone) if prices else 0


def zones_for(rewards: Iterable[Reward]) -> list[DeliveryZone]:
    """Every zone that one of the tiers has a price for, nearest first."""
    known = {zone for reward in rewards for zone in prices_of(reward)}
    return [zone for zone in DeliveryZone if zone in known]


def taxable_of(reward: Reward, unit_postage: int) -> int:
    """What of one, its postage included, taxes are due on: postage is taxed as what is in the parcel."""
    return reward.taxable + (pro_rata(unit_postage, reward.taxable, reward.amount) if reward.amount else 0)
