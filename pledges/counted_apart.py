"""How a cooperative of many contributions keeps its word, counted by the clock rather than for each reader.

Who is promised what, what was sent, what is late: it follows from every item, its payments and what went back of them.
A few thousand are counted for whoever asks, as they stand. Of more than that the figures are kept, and are as old as
counting takes time: a minute, or thirty times as long as it took.
"""

import time
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Sum

from campaigns.models import Campaign, Reward
from home import clock
from home.models import Cooperative
from home.tenancy import within
from pledges.delivery_figures import count_deliveries
from pledges.fulfilment import this_month
from pledges.models import CooperativeCount, DeliveryCount, Tally
from pledges.tallies.kinds import Kind

#: People who contributed, from which figures are counted apart.
MANY = 5000

OLD = timedelta(minutes=1)
PATIENCE = 30

#: (reward, month, people) of what is late, or of what is due this month.
Waiting = list[Any]


def due() -> Iterator[Cooperative]:
    """Cooperatives of many contributions whose figures are missing or old."""
    known = CooperativeCount.objects.in_bulk()
    for cooperative in Cooperative.objects.order_by("pk"):
        if _is_old(known.get(cooperative.pk)) and _has_many(cooperative):
            yield cooperative


def _is_old(known: CooperativeCount | None) -> bool:
    if known is None:
        return True
    return clock.now() - known.counted_at > max(OLD, PATIENCE * timedelta(seconds=known.took))


def _has_many(cooperative: Cooperative) -> bool:
    with within(cooperative):
        campaigns = list(Campaign.objects.values_list("pk", flat=True))
    people = Tally.objects.filter(campaign_id__in=campaigns, kind=Kind.STANDING)
    return (people.aggregate(all=Sum("people"))["all"] or 0) >= MANY


def count(cooperative: Cooperative, late: Waiting, this: Waiting) -> None:
    """In its scope. Readers see the figures of before until all are there."""
    at, began = clock.now(), time.monotonic()
    rows = count_deliveries(Reward.objects.filter(cooperative=cooperative), cooperative).order_by()
    found = list(rows.values("pk", "promised", "sent", "received", "last_arrival", "kept_total", "kept_in_time"))
    kept = {name: found[0][name] if found else 0 for name in ("kept_total", "kept_in_time")}
    month: date = this_month(cooperative)
    names = ("promised", "sent", "received", "last_arrival")
    with transaction.atomic():
        DeliveryCount.objects.filter(cooperative_id=cooperative.pk).delete()
        DeliveryCount.objects.bulk_create(
            DeliveryCount(reward_id=row["pk"], cooperative_id=cooperative.pk, **{name: row[name] for name in names})
            for row in found
        )
        CooperativeCount.objects.update_or_create(
            cooperative_id=cooperative.pk,
            defaults=kept
            | {"month": month, "late": late, "due": this, "counted_at": at, "took": time.monotonic() - began},
        )


def waiting_of(cooperative: Cooperative) -> CooperativeCount | None:
    """What was counted of this month, where it was."""
    return CooperativeCount.objects.filter(cooperative_id=cooperative.pk, month=this_month(cooperative)).first()
