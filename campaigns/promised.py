"""How many people were promised what: known by the room above, asked from here.

Imports run one way, so pledges gives its count when it is loaded (`count_with`), and messages of this room ask
`people_by_reward` and `has_contributions`. Nothing is promised as long as nobody counts.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from campaigns.models.terms import Campaign, Reward


@dataclass(frozen=True)
class Counter:
    """`by_reward`: people by reward id, for those of the ids that someone was promised."""

    by_reward: Callable[[Collection[int]], dict[int, int]]
    has_contributions: Callable[[Campaign], bool]


_counters: list[Counter] = []


def count_with(counter: Counter) -> None:
    """Called once, when the room that knows is loaded."""
    _counters[:] = [counter]


def people_by_reward(rewards: Collection[Reward]) -> dict[int, int]:
    """How many people each tier is promised to, by its id; 0 where nobody waits for it (any more)."""
    counted = {reward.pk: 0 for reward in rewards}
    for counter in _counters:
        counted |= counter.by_reward(list(counted)) if counted else {}
    return counted


def has_contributions(campaign: Campaign) -> bool:
    """Whether anyone ever contributed, or is about to."""
    return any(counter.has_contributions(campaign) for counter in _counters)
