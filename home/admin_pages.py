"""What every page of ours in the admin hands to Wagtail's own templates: title, way back, pages of a list."""

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.admin.paginator import WagtailPaginator

from home import formats

PER_PAGE = 50

Crumb = tuple[str, str]


def furniture(title: str, icon: str, *, above: Iterable[Crumb] = ()) -> dict[str, Any]:
    """The header of a page; `above` are (address, label) of the pages it stands below."""
    crumbs = [(reverse("wagtailadmin_home"), _("Home")), *above, ("", title)]
    return {
        "header_title": title,
        "header_icon": icon,
        "breadcrumbs_items": [{"url": url, "label": label} for url, label in crumbs],
    }


class Paginator(WagtailPaginator):
    """`count` may be told where counting costs as much as reading."""

    def __init__(self, rows: QuerySet, per_page: int, count: int | None = None) -> None:
        super().__init__(rows, per_page)
        if count is not None:
            self.count = count

    @property
    def items_count_label(self) -> str:
        """Wagtail's own names the model, in English where it has no name for people."""
        words = ngettext("%(n)s line", "%(n)s lines", self.count)
        return words % {"n": formats.number(self.count)}


def page_of(request: HttpRequest, rows: QuerySet, *, count: int | None = None) -> dict[str, Any]:
    """One page of a list that stays short, and the numbers that lead to the others; home.long_lists for long ones."""
    page: Page = Paginator(rows, PER_PAGE, count).get_page(request.GET.get("p"))
    return {
        "page_obj": page,
        "rows": page.object_list,
        "elided_page_range": list(page.paginator.get_elided_page_range(page.number)),
    }
