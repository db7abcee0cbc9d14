"""What of a site goes into its archive, and under which name.

Pages: those that search engines are told of, the list of campaigns, summaries, walls and what is kept about people.
Files: what these show or offer. Everything else (forms, links of one person's own, the admin) is not for an archive.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve
from django.utils import translation

from campaigns.models import Campaign, CampaignPage
from campaigns.sharing.crawling import HousePages
from home.languages import FRENCH, LANGUAGES
from home.models import Cooperative, TextPage

#: What stands in a query and is another page; the rest of it is dropped.
KEPT_QUERY = ("after", "page", "show")
PAGES = frozenset({"campaign_index", "campaign_summary", "privacy_register", "wall"})
FILES = frozenset({"updates_rss", "updates_atom", "brand_stylesheet", "brand_of_host", "wagtaildocs_serve"})
#: Views that are about one campaign, by their argument.
ONE = "campaign_id"
#: Never asked for, whatever leads there.
CLOSED = ("/admin/", "/stripe/", "/anymail/")
INDEX = "index.html"
#: Of one step of a name, in bytes; most disks take 255.
LONGEST = 200


@dataclass(frozen=True)
class Extent:
    """What is archived: of `host`, the pages at these paths, and what the views show of `campaign` (None: of all).

    `shown`: the translation keys of the campaigns whose page is one of them. `moved`: where the archive of one campaign
    leads instead of the home pages.
    """

    root: str
    pages: list[str]
    shown: frozenset[UUID]
    campaign: Campaign | None = None
    moved: dict[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        return urlsplit(self.root).hostname or ""

    def front(self, language: str) -> str:
        """The first page in a language."""
        home = f"/{language}/"
        return self.moved.get(home, home)

    def address_of(self, link: str, base: str) -> str | None:
        """Path and kept query of a link on the page at `base`, if it leads to this host, and to what a file can be."""
        try:
            parts = urlsplit(urljoin(f"{self.root}{base}", link.strip()))
        except ValueError:  # anybody may have written it
            return None
        if parts.scheme not in ("http", "https") or parts.hostname != self.host:
            return None
        path = quote(unquote(parts.path or "/"), safe="/~:@!$&'()*+,;=")
        asked = [(key, value) for key, value in parse_qsl(parts.query) if key in KEPT_QUERY]
        path = self.moved.get(path, path)
        address = f"{path}?{urlencode(sorted(asked))}" if asked and self.has_page(path) else path
        return address if _has_name(address) else None

    def has_page(self, address: str) -> bool:
        """Whether an address is that of a page that is archived."""
        path = address.split("?")[0]
        if path in self._paths:
            return True
        name, about = _view_of(path)
        return name in PAGES and self._is_about_us(name, about)

    def has_file(self, address: str) -> bool:
        """Whether an address is that of a file that a link may offer."""
        if address.startswith((settings.STATIC_URL, settings.MEDIA_URL)):
            return True
        name, about = _view_of(address)
        return name in FILES and (about is None or self._is_about_us(name, about))

    def _is_about_us(self, name: str, about: int | None) -> bool:
        return self.campaign is None or about == self.campaign.pk

    @cached_property
    def _paths(self) -> frozenset[str]:
        return frozenset(self.pages)


def file_name(address: str) -> str:
    """Where an address stands in the archive: `fr/moulin/index.html`, `media/images/x.webp`."""
    path, _mark, query = address.partition("?")
    name = unquote(path).lstrip("/")
    if query:
        name += "".join(f"_{key}-{value}/" for key, value in parse_qsl(query))
    if name == "" or name.endswith("/"):
        name += INDEX
    if posixpath.normpath(name) != name or name.startswith("../"):
        raise ValueError(f"Not a name for a file: {address}")
    return name


def _has_name(address: str) -> bool:
    """Whether it can stand in a folder: neither what leads out of it, nor what no disk takes."""
    try:
        name = file_name(address)
    except ValueError:
        return False
    return "\0" not in name and all(len(part.encode()) <= LONGEST for part in name.split("/"))


def link_between(here: str, there: str) -> str:
    """From one file of the archive to another, so that it works wherever the archive stands."""
    return quote(posixpath.relpath(there, posixpath.dirname(here) or "."))


def extent_of(cooperative: Cooperative, request: HttpRequest, campaign: Campaign | None = None) -> Extent:
    """In the scope of the cooperative; `request` is one at its host."""
    public = HousePages(request).items()
    paths = {page.pk: page.get_url(request) or "" for page in public}
    root = cooperative.root_url
    campaigns = CampaignPage.objects.filter(pk__in=paths).select_related("locale").defer("body")
    if campaign is None:
        return Extent(root, _sorted(paths.values()), frozenset(page.translation_key for page in campaigns))
    own = campaigns.filter(translation_key=campaign.translation_key)
    fronts = {page.locale.language_code: paths[page.pk] for page in own}
    texts = set(TextPage.objects.filter(pk__in=paths).values_list("pk", flat=True))
    ours = [path for pk, path in paths.items() if pk in texts or path.startswith(tuple(fronts.values()))]
    first = fronts.get(FRENCH) or next(iter(fronts.values()), "")
    moved = {f"/{language}/": fronts.get(language, first) for language in LANGUAGES} if fronts else {}
    return Extent(root, _sorted(ours) if fronts else [], frozenset({campaign.translation_key}), campaign, moved)


def _sorted(urls: Iterable[str]) -> list[str]:
    return sorted(urlsplit(url).path for url in urls)


@lru_cache(maxsize=4096)
def _view_of(path: str) -> tuple[str, int | None]:
    """The name of the view at a path, in the language of that path, and the campaign that it is about."""
    language = path.split("/")[1]
    with translation.override(language if language in LANGUAGES else FRENCH):
        try:
            match = resolve(unquote(path))
        except Resolver404:
            return "", None
    return match.url_name or "", match.kwargs.get(ONE)
