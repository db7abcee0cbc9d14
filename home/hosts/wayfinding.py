"""From a request's host to its site, and from its path to its page, in as few queries as can be.

Wagtail asks for the site, each language's home page, every step of the path and its restrictions one by one, and the
page's frame (other language, legal pages) asks for more of the same. All of these are rows of two tables.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Left, Lower
from django.http import HttpRequest
from django.http.request import split_domain_port
from wagtail.models import Page, PageViewRestriction, Site
from wagtail.models.sites import SiteRootPath

from home.languages import current
from home.models import Brand, Cooperative, TextPage
from home.ready_queries import Ready

#: How much of a page's path names the home page it stands below; home pages are children of the root.
HOME_PATH = 2 * Page.steplen
HOME_DEPTH = 2
#: Deeper than any page of ours stands; a longer path is left to Wagtail, which ends at the first step it cannot find.
MOST_STEPS = 6


@dataclass(frozen=True)
class Surroundings:
    """The page asked for, and what its frame shows: its live versions, and the texts of the page's language."""

    page: Page
    twins: list[Page]
    texts: list[Page]


def host_of(request: HttpRequest) -> str:
    """The name that the browser asked for, in small letters and without port or final dot. No proxy's word for it."""
    return split_domain_port(request.META.get("HTTP_HOST") or request.META["SERVER_NAME"])[0].rstrip(".").lower()


def site_of(request: HttpRequest) -> Site | None:
    """The site of the request's host, with its cooperative, brand and root page in the same query; None for any other.

    Wagtail would fall back on a default site. What is found, None too, is kept on the request where Wagtail looks.
    """
    site = _at_port(_NAMED(host_of(request)), request.get_port())
    request._wagtail_site = site  # type: ignore[attr-defined]
    if brand := getattr(site, "brand", None):
        brand._request = request
        setattr(request, Brand.get_cache_attr_name(), brand)
    return site


def _named(host: str) -> QuerySet[Site]:
    sites = Site.objects.annotate(host=Lower("hostname")).filter(host=host).order_by("pk")
    return sites.select_related("root_page__locale", "cooperative", "brand__logo")


_NAMED = Ready(_named, prepared=True)


def moved_from(request: HttpRequest) -> Cooperative | None:
    """The cooperative that was at the request's host before."""
    moved = Cooperative.objects.filter(former_hosts__hostname=host_of(request))
    return moved.select_related("site__root_page__locale").first()


def _at_port(sites: Iterable[Site], port: str) -> Site | None:
    """The one at this port, else the only one: behind a proxy, the server's port is not the reader's."""
    named = list(sites)
    exact = next((site for site in named if str(site.port) == port), None)
    return exact or (named[0] if len(named) == 1 else None)


def find_page(request: HttpRequest, path: str) -> Surroundings | None:
    """Leave the page at this path where Wagtail will look for it. Does nothing where there is none: Wagtail goes on.

    Two queries: one for every page that takes part, one for what is particular to this one.
    """
    site: Site = request._wagtail_site  # type: ignore[attr-defined]
    steps = [step for step in path.split("/") if step]
    if len(steps) > MOST_STEPS:
        return None
    pages = _TAKING_PART(site.root_page.translation_key, _text_type().pk, *steps)
    homes = [page for page in pages if page.depth == HOME_DEPTH]
    language = current()
    home = next((page for page in homes if page.live and page.locale.language_code == language), site.root_page)
    at = {page.url_path: page for page in pages}
    way = [at.get(home.url_path + "".join(f"{step}/" for step in steps[:count])) for count in range(len(steps) + 1)]
    request._wagtail_cached_site_root_paths = [  # type: ignore[attr-defined]
        SiteRootPath(site.pk, page.url_path, site.root_url, page.locale.language_code) for page in homes
    ]
    site._wagtail_cached_site_root_paths = request._wagtail_cached_site_root_paths  # type: ignore[attr-defined]
    page = way[-1]
    if page is None or not page.live:
        return None
    specific = _specific(page, [step for step in way if step is not None])
    request._wagtail_route_for_request = specific.route(request, [])  # type: ignore[attr-defined]
    return Surroundings(
        page=specific,
        twins=[one for one in pages if one.translation_key == page.translation_key and one.live],
        texts=[one for one in pages if _is_text(one) and one.live and one.path.startswith(home.path)],
    )


def _specific(page: Page, way: list[Page]) -> Page:
    """The page as its own class, which need not ask for its parent or its restrictions again."""
    specific = _as_its_own_class(page)
    if len(way) > 1:
        specific._cached_parent_obj = way[-2]
    specific.is_known_open = len(way) == page.depth - HOME_DEPTH + 1 and not any(
        step.is_restricted or step.alias_of_id for step in way
    )
    return specific


def _as_its_own_class(page: Page) -> Page:
    """As `page.specific` makes it."""
    model = page.specific_class
    found = _OF_CLASS(page.pk, shape=(model,)) if model is not None and not isinstance(page, model) else []
    if not found:
        return page.specific
    (specific,) = found
    for name, value in page.__dict__.items():
        specific.__dict__.setdefault(name, value)
    return specific


def _of_class(pk: int, model: type[Page]) -> QuerySet[Page]:
    return model._default_manager.filter(pk=pk)


_OF_CLASS = Ready(_of_class, prepared=True)


def _taking_part(root_key: UUID, text_type: int, *steps: str) -> QuerySet[Page]:
    """The site's home pages and texts, the pages on the way, and the last one's versions; each says if it is open.

    Slugs alone are not a way: the caller compares whole paths.
    """
    homes = Page.objects.filter(translation_key=root_key)
    here = Page.objects.annotate(home=Left("path", HOME_PATH)).filter(home__in=homes.values("path")).order_by("path")
    wanted = Q(depth=HOME_DEPTH) | Q(depth=HOME_DEPTH + 1, content_type=text_type)
    for depth, step in enumerate(steps, HOME_DEPTH + 1):
        wanted |= Q(depth=depth, slug=step)
    if steps:
        last = here.filter(depth=HOME_DEPTH + len(steps), slug=steps[-1]).order_by()
        wanted |= Q(translation_key__in=last.values("translation_key"))
    restricted = PageViewRestriction.objects.filter(Q(page=OuterRef("pk")) | Q(page__depth__lt=HOME_DEPTH))
    return here.filter(wanted).annotate(is_restricted=Exists(restricted)).select_related("locale")


_TAKING_PART = Ready(_taking_part, prepared=True)


def _is_text(page: Page) -> bool:
    return page.depth == HOME_DEPTH + 1 and page.content_type_id == _text_type().pk


def _text_type() -> ContentType:
    return ContentType.objects.get_for_model(TextPage)
