"""STAND-IN, to be replaced as a whole: what a goal leaves once costs, postage and fees are taken off.

The real module has the same names; this one knows nothing, so that the checklist says what is still to be written.
"""

from dataclasses import dataclass, field

from campaigns.models import CampaignPage


@dataclass(frozen=True)
class TierNet:
    """What one tier costs and brings in, in minor units."""

    title: str
    block_id: str
    cost: int
    net: int


@dataclass(frozen=True)
class Assessment:
    """Minor units; None is unknown."""

    budget_total: int | None = None
    other_sources: int | None = None
    needed: int | None = None
    smallest_goal: int | None = None
    leaves: int | None = None
    gap: int | None = None
    losing: list[TierNet] = field(default_factory=list)


def assess(page: CampaignPage) -> Assessment:
    return Assessment()
