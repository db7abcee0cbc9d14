"""What stands in front of the site (a CDN, nginx, Varnish) is told what was published: Wagtail's frontend cache.

Off unless FRONT_CACHE names one of Wagtail's backends. After each new version of a cooperative its public addresses are
purged, in both languages: its pages, and the lists and feeds that show what they say. What has a query string, or
figures that move, is kept there for a second at most (home.page_cache.answers) and needs no telling.
"""

from collections.abc import Callable, Iterable, Iterator

from django.conf import settings
from django.utils import translation
from wagtail.contrib.frontend_cache.tasks import purge_urls_from_cache_task

from home.languages import LANGUAGES
from home.models import Cooperative
from home.own_trees import pages_of
from home.page_cache import versions

#: Paths of a cooperative, in the language that is active, that are no pages of Wagtail's.
Beside = Callable[[Cooperative], Iterable[str]]
_beside: list[Beside] = []


def also(paths: Beside) -> Beside:
    """Called by a room above: what it gives is told too."""
    _beside.append(paths)
    return paths


def connect() -> None:
    versions.on_bump(_tell_soon)


def _tell_soon(cooperative_id: int | None) -> None:
    from home.tasks import tell_front  # noqa: PLC0415 (tasks delegate to this)

    if settings.FRONT_CACHE:
        tell_front.enqueue(cooperative_id)


def tell(cooperative_id: int | None) -> None:
    """Purge what was kept of the cooperative's pages; None: of everyone's."""
    houses = Cooperative.objects.select_related("site").order_by("pk")
    for house in houses if cooperative_id is None else houses.filter(pk=cooperative_id):
        purge_urls_from_cache_task.func(sorted(addresses(house)))


def addresses(cooperative: Cooperative) -> Iterator[str]:
    """Absolute ones, of pages that were unpublished too."""
    for page in pages_of(cooperative).select_related("locale"):
        if url := page.get_full_url():
            yield url
    for language in LANGUAGES:
        with translation.override(language):
            for paths in _beside:
                yield from (cooperative.root_url + path for path in paths(cooperative))
