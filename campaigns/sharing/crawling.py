"""What search engines are told: which pages a cooperative has, in which languages, and where nothing is for them."""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from wagtail.contrib.sitemaps import Sitemap
from wagtail.contrib.sitemaps import views as sitemap_views
from wagtail.models import Page

from campaigns.enums import PREPARING
from campaigns.models import Campaign, CampaignPage
from home.languages import LANGUAGES, TAGS
from home.models import Cooperative

#: Below this address of each language stand the forms and pages of the room above, which are one person's own.
CONTRIBUTE = _("contribute/")
KEPT = 3600


#: Each gives the paths of a cooperative's live pages that are not for everyone.
_closers: list[Callable[[Cooperative], Iterable[str]]] = []


def hide_too(closer: Callable[[Cooperative], Iterable[str]]) -> None:
    """Called by a room above when it is loaded: what it says is closed stands in no sitemap."""
    if closer not in _closers:
        _closers.append(closer)


class HousePages(Sitemap):
    """Every live page of the host's cooperative in each of its languages, each naming its twins."""

    def items(self) -> list[Page]:
        homes = self.get_wagtail_site().root_page.get_translations(inclusive=True).live()
        below = [page for home in homes for page in self._below(home)]
        cooperative = self.get_wagtail_site().cooperative
        hidden = (*self._hidden(), *(path for closer in _closers for path in closer(cooperative)))
        return [page for page in below if not page.path.startswith(hidden)]

    def _below(self, home: Page) -> Any:
        return home.get_descendants(inclusive=True).live().public().select_related("locale").order_by("path")

    def _hidden(self) -> Any:
        """Where a campaign's page is online before the campaign is to be seen: it and what stands below it."""
        public = Campaign.objects.exclude(state__in=PREPARING).values("translation_key")
        return CampaignPage.objects.live().exclude(translation_key__in=public).values_list("path", flat=True)

    @property
    def paginator(self) -> Paginator:
        self.pages = self.items()
        return Paginator(self.pages, self.limit)

    def _urls(self, page: int, protocol: str, domain: str) -> list[dict[str, Any]]:
        shown = self.paginator.page(page).object_list
        twins: dict[Any, list[dict[str, str]]] = {}
        for one in self.pages:
            twin = {"lang_code": TAGS[one.locale.language_code], "location": self.location(one)}
            twins.setdefault(one.translation_key, []).append(twin)
        self.latest_lastmod = max((self.lastmod(one) for one in shown if self.lastmod(one)), default=None)
        return [
            {
                "location": self.location(one),
                "lastmod": self.lastmod(one),
                "alternates": twins[one.translation_key] if len(twins[one.translation_key]) > 1 else [],
            }
            for one in shown
        ]


@require_safe
@cache_control(public=True, max_age=KEPT)
def sitemap(request: HttpRequest) -> HttpResponse:
    return sitemap_views.sitemap(request, {"pages": HousePages})


@require_safe
@cache_control(public=True, max_age=KEPT)
def robots(request: HttpRequest) -> HttpResponse:
    if request.cooperative.is_rehearsal:  # type: ignore[attr-defined]
        return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain; charset=utf-8")
    closed = [reverse("wagtailadmin_home")]
    for language in LANGUAGES:
        with translation.override(language):
            signed = [reverse(name, args=["-"]).removesuffix("-/") for name in ("campaign_preview", "unsubscribe")]
            closed += [f"/{language}/{CONTRIBUTE}", *signed]
    context = {"closed": closed, "sitemap": request.build_absolute_uri(reverse("sitemap"))}
    return render(request, "campaigns/robots.txt", context, content_type="text/plain; charset=utf-8")
