"""One page of a list that may be long, at the same cost wherever it is: by the row it begins after, never by a number.

    context = part_of(request, Pledge.objects.filter(…).order_by("-created_at", "-pk"))

The list is ordered by columns of its own, none of them empty, the primary key last; an index in that order serves
both ways. `?after=` and `?before=` name a row by its key, `?end=1` asks for the last page; an address that names no row
shows the first. How many there are is counted up to a thousand, where that costs little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from home import formats
from home.admin_pages import PER_PAGE

#: Beyond that it is said that there are more.
COUNTED = 1000

#: What an address says of the place in a list.
PLACE = ("after", "before", "end")


@dataclass(frozen=True)
class Ways:
    """Where the links of a page of a list lead; empty where there is nothing that way. `said` is how many there are."""

    first: str
    previous: str
    next: str
    last: str
    said: str

    @property
    def lead_anywhere(self) -> bool:
        return bool(self.previous or self.next)


def part_of(request: HttpRequest, rows: QuerySet[Any], *, size: int = PER_PAGE, counted: bool = True) -> dict[str, Any]:
    """`rows` and `ways`, for a template that includes home/admin/_ways.html. Unless `counted`, none are."""
    found, earlier, later = _read(request, rows, size)
    return {
        "rows": found,
        "ways": Ways(
            first=_address(request) if earlier else "",
            previous=_address(request, before=found[0].pk) if earlier else "",
            next=_address(request, after=found[-1].pk) if later else "",
            last=_address(request, end=1) if later else "",
            said=_said(rows) if counted else "",
        ),
    }


def _read(request: HttpRequest, rows: QuerySet[Any], size: int) -> tuple[list[Any], bool, bool]:
    """The rows, and whether there are others before and after them."""
    order = _order_of(rows)
    if place := _place(request, rows, "after", order):
        found = list(rows.filter(_beyond(order, place))[: size + 1])
        if found:
            return found[:size], True, len(found) > size
    if place := _place(request, rows, "before", order):
        found = list(rows.filter(_beyond(_turned(order), place)).reverse()[: size + 1])
        if len(found) > size:
            return found[:size][::-1], True, True
    elif request.GET.get("end"):
        found = list(rows.reverse()[: size + 1])
        return found[:size][::-1], len(found) > size, False
    found = list(rows[: size + 1])
    return found[:size], False, len(found) > size


Order = Sequence[tuple[str, bool]]


def _order_of(rows: QuerySet[Any]) -> Order:
    """Each column, and whether it falls."""
    return [(name.removeprefix("-"), name.startswith("-")) for name in rows.query.order_by if isinstance(name, str)]


def _turned(order: Order) -> Order:
    return [(name, not falls) for name, falls in order]


def _place(request: HttpRequest, rows: QuerySet[Any], which: str, order: Order) -> tuple[Any, ...] | None:
    """What the list is ordered by, of the row that an address names: it has its place, even if it left the list."""
    key = request.GET.get(which, "")
    if not (key.isascii() and key.isdigit() and len(key) < 19):
        return None
    names = [name for name, _falls in order]
    made = {name: rows.query.annotations[name] for name in names if name in rows.query.annotations}
    return rows.model._default_manager.filter(pk=int(key)).annotate(**made).values_list(*names).first()


def _beyond(order: Order, place: Sequence[Any]) -> Q:
    """Rows that come after a place. The first column bounds them by itself, so that an index is entered there."""
    (name, falls), *rest = order
    further = Q(**{f"{name}__{'lt' if falls else 'gt'}": place[0]})
    if not rest:
        return further
    bound = Q(**{f"{name}__{'lte' if falls else 'gte'}": place[0]})
    return bound & (further | Q(**{name: place[0]}) & _beyond(rest, place[1:]))


def _address(request: HttpRequest, **place: int) -> str:
    """What else was asked for stays."""
    asked = request.GET.copy()
    for name in (*PLACE, "p"):
        asked.pop(name, None)
    for name, value in place.items():
        asked[name] = str(value)
    return f"?{asked.urlencode()}" if asked else request.path


def _said(rows: QuerySet[Any]) -> str:
    count = rows.order_by()[: COUNTED + 1].count()
    if count > COUNTED:
        return _("More than %(n)s in this list") % {"n": formats.number(COUNTED)}
    return ngettext("%(n)s in this list", "%(n)s in this list", count) % {"n": formats.number(count)}
