"""What other rooms keep about a backer: they say how it is read for the backer, and what erasing leaves of it.

Imports run one way, so a room above registers what it keeps when it is loaded (`keep`), and own_data and erasing ask
here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from home.models import Backer


@dataclass(frozen=True)
class Kept:
    """`name`: its place in an export. `erase` runs in the transaction that erases, while the backer has a name still.

    `stays`: what erasing leaves, said to the backer beforehand; empty where nothing is.
    """

    name: str
    rows_of: Callable[[Backer], QuerySet[Any]]
    erase: Callable[[Backer], object]
    stays: Callable[[Backer], str] = lambda backer: ""


_kept: dict[str, Kept] = {}


def keep(kept: Kept) -> None:
    """Called once a thing kept, when the room that keeps it is loaded."""
    _kept[kept.name] = kept


def rows_of(backer: Backer) -> dict[str, QuerySet[Any]]:
    return {name: kept.rows_of(backer) for name, kept in sorted(_kept.items())}


def what_stays(backer: Backer) -> list[str]:
    return [words for kept in _kept.values() if (words := kept.stays(backer))]


def erase(backer: Backer) -> None:
    for kept in _kept.values():
        kept.erase(backer)
