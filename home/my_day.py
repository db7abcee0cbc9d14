"""« Ma journée », the admin's first page: what needs the person who looks, in the cooperative of the host.

Each room says what waits there (`contributes`), by role; what is most pressing stands first. Nothing is kept: every
line is read from the rows each time, in a number of queries that does not depend on how many campaigns there are.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from itertools import groupby
from typing import Any, cast

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail.admin.ui.components import Component

from home import formats
from home.admin_access import AdminRequest

#: How many lines of one subject stand here, before one line leads to the rest.
SHOWN = 4


class Urgency(IntEnum):
    """How pressing a line is; the order of the groups on the page."""

    FIRST = 0
    LATE = 1
    WAITING = 2
    NEAR = 3
    CALM = 4


HEADINGS: dict[Urgency, Promise] = {
    Urgency.FIRST: _("First of all"),
    Urgency.LATE: _("Past their day"),
    Urgency.WAITING: _("Someone is waiting"),
    Urgency.NEAR: _("These days"),
    Urgency.CALM: _("At your own pace"),
}


@dataclass(frozen=True)
class Line:
    """One thing that waits: a sentence, and where it is done. Both `url` and `action` are empty where it is told only.

    `on`: its day, the earliest first within its group.
    """

    urgency: Urgency
    sentence: str
    url: str = ""
    action: str = ""
    on: date | None = None


Contributor = Callable[[AdminRequest], Iterable[Line]]

_contributors: list[Contributor] = []


def contributes(function: Contributor) -> Contributor:
    """What it yields stands on the page. It asks for the role itself, and runs in the cooperative's scope."""
    _contributors.append(function)
    return function


@dataclass(frozen=True)
class Group:
    """`name` is how the style sheet knows it."""

    name: str
    heading: Promise
    lines: list[Line]


def lines_for(request: AdminRequest) -> list[Line]:
    """Everything that waits for someone, most pressing first."""
    found = [line for contributor in _contributors for line in contributor(request)]
    return sorted(found, key=lambda line: (line.urgency, line.on or date.max))


def groups_for(request: AdminRequest) -> list[Group]:
    grouped = groupby(lines_for(request), key=lambda line: line.urgency)
    return [Group(urgency.name.lower(), HEADINGS[urgency], list(lines)) for urgency, lines in grouped]


def at_most(lines: Iterable[Line], more_url: str, action: str) -> Iterator[Line]:
    """The first of one subject; one line leads to the rest."""
    found = list(lines)
    yield from found[:SHOWN]
    if rest := found[SHOWN:]:
        words = ngettext("%(n)s more of the same", "%(n)s more of the same", len(rest))
        yield Line(rest[0].urgency, words % {"n": formats.number(len(rest))}, more_url, action, on=rest[-1].on)


class MyDayPanel(Component):
    name = "my_day"
    template_name = "home/admin/my_day.html"
    order = 10

    class Media:
        css = {"all": ["css/my-day.css"]}  # noqa: RUF012 (Django's own shape)

    def __init__(self, request: HttpRequest) -> None:
        self.request = cast(AdminRequest, request)

    def get_context_data(self, parent_context: dict[str, Any]) -> dict[str, Any]:
        return {"groups": groups_for(self.request)}
