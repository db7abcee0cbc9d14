"""« Mes dossiers » at `portfolio/`: what an adviser follows in every cooperative that invited them, on one page.

Other roles give nothing here: only cooperatives where the person advises are read, each in its own scope. A
cooperative that takes the role back is gone from the next request on. A row of another cooperative leads to that
cooperative's own host, by the POST that carries who is logged in (home.people.switching).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from wagtail.admin.menu import MenuItem

from home.admin_access import AdminRequest
from home.admin_pages import furniture
from home.models import Cooperative
from home.my_day import Line
from updates.advised import advised_by
from updates.followed import Followed, Subject, followed_in

ICON = "glasses"


@dataclass(frozen=True)
class Row:
    """A line and the cooperative it is about. `number` tells it from the others of the page."""

    number: int
    line: Line
    cooperative: Cooperative
    is_here: bool


@require_safe
def portfolio(request: HttpRequest) -> HttpResponse:
    """For whoever advises some cooperative, at the host of any that they work for."""
    asked = cast(AdminRequest, request)
    advised = advised_by(asked)
    if not advised:
        raise PermissionDenied
    followed = [followed_in(cooperative) for cooperative in advised]
    context: dict[str, Any] = {
        "subjects": [(subject, rows) for subject in Subject if (rows := _rows(subject, followed, asked))],
        "followed": [(one, one.cooperative == asked.cooperative) for one in followed],
    }
    return TemplateResponse(request, "updates/admin/portfolio.html", furniture(_("My dossiers"), ICON) | context)


def _rows(subject: Subject, followed: list[Followed], request: AdminRequest) -> list[Row]:
    """The earliest day first, whichever cooperative it is of."""
    found = [(line, one.cooperative) for one in followed for line in one.lines[subject]]
    found.sort(key=lambda pair: pair[0].on or date.max)
    return [
        Row(number, line, cooperative, cooperative == request.cooperative)
        for number, (line, cooperative) in enumerate(found, start=1)
    ]


class PortfolioItem(MenuItem):
    """Shown to those who advise a cooperative, at whichever host they work."""

    def is_shown(self, request: HttpRequest) -> bool:
        return bool(advised_by(request))
