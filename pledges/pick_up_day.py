"""Who comes to fetch something: found by a part of their name, whatever its accents and case."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from campaigns.enums import Handover
from home import formats
from home.models import Cooperative
from pledges import fulfilment, survey_answers
from pledges.enums import FulfilmentState
from pledges.models import PledgeItem

#: How many people are shown at once.
MOST = 30


@dataclass(frozen=True)
class Comer:
    """One contribution, with what waits for it."""

    pledge_id: int
    name: str
    gift_for: str
    items: list[Any]


def waiting(cooperative: Cooperative) -> QuerySet[PledgeItem]:
    """Paid for, to be picked up, not handed over."""
    items = PledgeItem.objects.filter(cooperative=cooperative, handover=Handover.PICKUP, quantity__gt=0)
    return fulfilment.movable(items, FulfilmentState.DELIVERED)


def search(cooperative: Cooperative, text: str) -> list[Comer]:
    """Every word must stand in the name, the name of the person it is a gift for, or be the contribution's number.

    Names are folded here and not in the database: one query for the names, three for those who are found.
    """
    words = formats.folded(text).split()
    if not words:
        return []
    names = ("pledge_id", "pledge__backer__name", "pledge__gift_for")
    rows = waiting(cooperative).values_list(*names).distinct().order_by("pledge__backer__name", "pledge_id")
    found = [pk for pk, *known in rows if _matches(words, pk, known)][:MOST]
    return list(_comers(cooperative, found))


def _matches(words: list[str], pledge_id: int, names: list[str]) -> bool:
    folded = formats.folded(" ".join(names))
    return all(word in folded or word == str(pledge_id) for word in words)


def _comers(cooperative: Cooperative, pledge_ids: list[int]) -> Iterator[Comer]:
    items = waiting(cooperative).filter(pledge__in=pledge_ids)
    of_pledge: dict[int, list[Any]] = {pk: [] for pk in pledge_ids}
    shown = items.select_related("pledge__backer", "pledge__campaign", "variant").order_by("pk")
    for item in survey_answers.with_choices(shown):
        of_pledge[item.pledge_id].append(item)
    for pk, waiting_items in of_pledge.items():
        if waiting_items:
            pledge = waiting_items[0].pledge
            yield Comer(pk, pledge.backer.name, pledge.gift_for, waiting_items)
