"""The lanes of a settlement: each is one chain of tasks, so that several workers share a campaign and none is crowded.

A task runs one batch and asks for the next of its lane. A lane is entered with the token that its task was given, and
has a new one from then on, so that of two tasks of one lane the second goes away. The tick wakes lanes that are at rest
and those that gave no sign for a while (a dead worker, or a long queue: then the same token enters once).
"""

import uuid
from datetime import timedelta

from django.db.models import Q

from campaigns.models import Campaign
from home import clock
from pledges.models import SettlementLane

#: Longer than a batch and the call that it may end in.
LOST = timedelta(seconds=45)


def wake(campaign: Campaign, count: int) -> list[tuple[int, str]]:
    """The first `count` lanes that nobody is in, as (number, token) to enqueue: each is given out once."""
    now = clock.now()
    idle = Q(seen_at=None) | Q(seen_at__lte=now - LOST)
    woken = []
    for number in range(count):
        lane, _created = SettlementLane.objects.get_or_create(
            campaign=campaign, number=number, defaults={"cooperative_id": campaign.cooperative_id}
        )
        if SettlementLane.objects.filter(idle, pk=lane.pk).update(seen_at=now):
            woken.append((number, str(SettlementLane.objects.values_list("token", flat=True).get(pk=lane.pk))))
    return woken


def enter(campaign: Campaign, number: int, token: str) -> str | None:
    """The token that the lane has from now on; None if another task was here before."""
    fresh = uuid.uuid4()
    mine = SettlementLane.objects.filter(campaign=campaign, number=number, token=token)
    return str(fresh) if mine.update(token=fresh, seen_at=clock.now()) else None


def leave(campaign: Campaign, number: int, token: str, *, more: bool) -> bool:
    """At the end of a batch. True if its next one is to be enqueued, with the same token."""
    mine = SettlementLane.objects.filter(campaign=campaign, number=number, token=token)
    return bool(mine.update(seen_at=clock.now() if more else None)) and more
