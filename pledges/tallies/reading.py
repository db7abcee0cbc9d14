"""What screens ask of the tallies: a few rows of each campaign, through one index, whatever its contributions.

The campaigns and rewards given are the caller's, read in its scope.
"""

from collections.abc import Collection, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BigIntegerField, F, JSONField, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, JSONObject, TruncDate

from campaigns.models import Reward
from pledges.models import Tally
from pledges.tallies.kinds import Kind

#: What the progress of a campaign is made of.
OF_PROGRESS = (Kind.PLEDGED, Kind.COLLECTED, Kind.REFUNDED, Kind.LOST, Kind.UNITS, Kind.PEOPLE)

#: By kind; people for Kind.PEOPLE. A kind of which nothing was ever tallied is left out.
Sums = dict[str, int]


def sums_of(campaign_ids: Iterable[int]) -> dict[int, Sums]:
    """By campaign, what its progress is made of; one query."""
    rows = Tally.objects.filter(campaign_id__in=list(campaign_ids), kind__in=OF_PROGRESS).order_by()
    found: dict[int, Sums] = {}
    summed = rows.values("campaign_id", "kind").annotate(total=Sum(F("amount") + F("people")))
    for campaign_id, kind, total in summed.values_list("campaign_id", "kind", "total"):
        found.setdefault(campaign_id, {})[kind] = total
    return found


def as_column() -> Subquery:
    """The same of the outer campaign, so that it is read with it."""
    rows = Tally.objects.filter(campaign_id=OuterRef("pk"), kind__in=OF_PROGRESS).order_by().values("campaign_id")
    sums = {
        str(kind): Coalesce(Sum(F("amount") + F("people"), filter=Q(kind=kind)), 0, output_field=BigIntegerField())
        for kind in OF_PROGRESS
    }
    return Subquery(rows.annotate(all=JSONObject(**sums)).values("all"), output_field=JSONField())


def people_as_column(campaign_id: int, kind: Kind) -> Coalesce:
    """How many people, as a column of any query."""
    rows = Tally.objects.filter(campaign_id=campaign_id, kind=kind).order_by().values("campaign_id")
    return Coalesce(Subquery(rows.annotate(all=Sum("people")).values("all"), output_field=BigIntegerField()), 0)


def promised_people(reward_ids: Collection[int]) -> dict[int, int]:
    """By reward; those that nobody is promised are left out. One query."""
    campaigns = Reward.objects.filter(pk__in=reward_ids).order_by().values("campaign_id")
    rows = Tally.objects.filter(campaign_id__in=campaigns, kind=Kind.PROMISED, key__in=reward_ids).order_by()
    summed = rows.values("key").annotate(total=Sum("people")).filter(total__gt=0)
    return dict(summed.values_list("key", "total"))


def by_day(kind: Kind, campaign_ids: Collection[int], zone: str) -> QuerySet[Any, Any]:
    """(campaign, day there, total) of what is tallied by time."""
    rows = Tally.objects.filter(campaign_id__in=campaign_ids, kind=kind).order_by()
    grouped = rows.annotate(on=TruncDate("at", tzinfo=ZoneInfo(zone))).values("campaign_id", "on")
    return grouped.annotate(total=Sum("amount")).values_list("campaign_id", "on", "total")
