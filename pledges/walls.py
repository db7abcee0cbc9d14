"""The wall of thanks: who of a campaign's backers chose to show their name, in order of arrival.

A contribution that is cancelled, dropped, lapsed or refunded is no longer on it.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.expressions import CombinedExpression

from campaigns.models import Campaign
from home.ready_queries import Ready
from pledges.enums import PledgeState, RefundState, Wall
from pledges.models import Pledge, Refund
from pledges.tallies import reading
from pledges.tallies.kinds import Kind

SHOWING = [Wall.AMOUNT, Wall.NAME]


@dataclass(frozen=True)
class Entry:
    """`amount` in minor units where it is shown. `id` orders the wall and is where a page of it begins."""

    id: int
    name: str
    amount: int | None = None


@dataclass(frozen=True)
class WallPage:
    """A run of entries; `after` is where the next page begins (None: this is the last)."""

    entries: list[Entry]
    after: int | None
    hidden: int


def page_of(campaign: Campaign, *, size: int, after: int = 0) -> WallPage:
    """At most `size` entries that came after one of them, and how many people show no name at all.

    One query, whatever is before. A wall without entries counts nobody: it says that names are still to come.
    """
    found = _PAGE(campaign.pk, after, shape=(size,))
    entries = [Entry(pk, name, amount if wall == Wall.AMOUNT else None) for pk, name, wall, amount, _hidden in found]
    after_these = entries[size - 1].id if len(entries) > size else None
    return WallPage(entries[:size], after_these, found[0][-1] if found else 0)


def _build_page(campaign_id: int, after: int, size: int) -> QuerySet[Any, Any]:
    campaign = Campaign(pk=campaign_id)
    rows = _shown(campaign).filter(pk__gt=after).order_by("pk").annotate(hidden=_hidden(campaign))[: size + 1]
    return rows.values_list("pk", "wall_name", "wall", "amount", "hidden")


_PAGE = Ready(_build_page, prepared=True)


def _hidden(campaign: Campaign) -> CombinedExpression:
    """How many people contributed and show no name, as a column."""
    return reading.people_as_column(campaign.pk, Kind.STANDING) - reading.people_as_column(campaign.pk, Kind.SHOWN)


def _standing(campaign: Campaign) -> QuerySet[Pledge]:
    """Contributions that hold: confirmed, and not given back whole."""
    whole = Refund.objects.filter(payment__pledge=OuterRef("pk"), amount__gte=F("payment__amount"))
    confirmed = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED)
    return confirmed.filter(~Exists(whole.exclude(state=RefundState.FAILED)))


def _shown(campaign: Campaign) -> QuerySet[Pledge]:
    return _standing(campaign).filter(wall__in=SHOWING)
