"""The wall of thanks: who of a campaign's backers chose to show their name, in order of arrival.

A contribution that is cancelled, dropped, lapsed or refunded is no longer on it.
"""

from dataclasses import dataclass

from django.db.models import F, QuerySet

from campaigns.models import Campaign
from pledges.enums import PledgeState, RefundState, Wall
from pledges.models import Pledge, Refund

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


def page_of(campaign: Campaign, *, size: int, after: int = 0) -> WallPage:
    """At most `size` entries that came after one of them. One query, whatever is before."""
    rows = _shown(campaign).filter(pk__gt=after).order_by("pk")[: size + 1]
    found = [
        Entry(pk, name, amount if wall == Wall.AMOUNT else None)
        for pk, name, wall, amount in rows.values_list("pk", "wall_name", "wall", "amount")
    ]
    return WallPage(found[:size], found[size - 1].id if len(found) > size else None)


def hidden_count(campaign: Campaign) -> int:
    """How many people contributed and show no name."""
    standing = _standing(campaign)
    shown = _shown(campaign).values("backer_id")
    return standing.exclude(backer_id__in=shown).values("backer_id").distinct().count()


def _standing(campaign: Campaign) -> QuerySet[Pledge]:
    """Contributions that hold: confirmed, and not given back whole."""
    refunds = Refund.objects.filter(payment__pledge__campaign=campaign, amount__gte=F("payment__amount"))
    given_back = refunds.exclude(state=RefundState.FAILED)
    confirmed = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED)
    return confirmed.exclude(pk__in=given_back.values("payment__pledge_id"))


def _shown(campaign: Campaign) -> QuerySet[Pledge]:
    return _standing(campaign).filter(wall__in=SHOWING)
