"""Finding a campaign: at a cooperative's host among its own, at the platform's among those of all that are listed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from campaigns import discovery
from campaigns.models import Campaign
from campaigns.posters import posters_of
from campaigns.search_forms import Phase, SearchForm, result_words
from home import formats
from home.languages import ENGLISH, FRENCH, LANGUAGES, TAGS, current
from home.models import Cooperative
from home.page_cache import noting
from home.tenancy import across_cooperatives
from pledges import pulse, totals

PER_PAGE = 12
#: A running campaign is almost there from this share of its goal on, in percent, until it is reached.
ALMOST = 80
#: Counts of phases move with the clock; this old they may be.
COUNTED = timedelta(minutes=1)

PHASES = {
    Phase.LIVE: discovery.running,
    Phase.ENDING: discovery.ending_soon,
    Phase.ANNOUNCED: discovery.announced,
    Phase.OVER: discovery.over,
}


@dataclass(frozen=True)
class Chip:
    """A shortcut to the campaigns of one phase."""

    label: str
    address: str
    is_current: bool


@dataclass(frozen=True)
class Address:
    """The page shown, in one language."""

    tag: str
    url: str


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The campaigns of the host's cooperative."""
    return _page(request, "campaign_index", request.cooperative)  # type: ignore[attr-defined]


@require_safe
def platform(request: HttpRequest) -> HttpResponse:
    """The campaigns of every cooperative that is listed."""
    with across_cooperatives():
        return _page(request, "discovery", None)


def _page(request: HttpRequest, name: str, cooperative: Cooperative | None) -> HttpResponse:
    noting.at_most(COUNTED)
    public = discovery.public_campaigns(cooperative)
    form = SearchForm(request.GET, places=discovery.places(public, current()))
    matching = discovery.narrowed(public, form.wanted)
    page = Paginator(_in_phase(matching, form.phase), PER_PAGE).get_page(request.GET.get("page"))
    path = reverse(name)
    context = {
        "form": form,
        "path": path,
        "chips": list(_chips(form, matching, path)),
        "posters": posters_of(page.object_list, request),
        "page_obj": page,
        "result": result_words(form.phase, page.paginator.count),
        "leads": form.is_plain and page.number == 1,
        "earlier": path + form.query(page=page.number - 1),
        "later": path + form.query(page=page.number + 1),
    }
    return render(request, "campaigns/discovery.html", context | _addresses(request, name, form, page))


def _in_phase(campaigns: QuerySet[Campaign], phase: Phase) -> QuerySet[Campaign] | list[Campaign]:
    campaigns = campaigns.select_related("cooperative__site")
    return _almost_there(campaigns) if phase == Phase.ALMOST else PHASES[phase](campaigns)


def _almost_there(campaigns: QuerySet[Campaign]) -> list[Campaign]:
    """The nearest to its goal first."""
    live = list(discovery.running(campaigns))
    progress = {pk: pulse.shown(one) for pk, one in totals.progress_of_all(live).items()}
    near = [one for one in live if progress[one.pk].percent >= ALMOST and not progress[one.pk].is_reached]
    return sorted(near, key=lambda one: progress[one.pk].percent, reverse=True)


def _chips(form: SearchForm, campaigns: QuerySet[Campaign], path: str) -> Iterator[Chip]:
    """Each with its count, but for what would cost a sum over all pledges on every visit."""
    for phase in Phase:
        label = str(phase.label)
        if choose := PHASES.get(phase):
            label = gettext("%(phase)s (%(n)s)") % {"phase": label, "n": formats.number(choose(campaigns).count())}
        yield Chip(label, path + form.query(show=phase), phase == form.phase)


def _addresses(request: HttpRequest, name: str, form: SearchForm, page: Page) -> dict[str, object]:
    """The same search in each language, without what this page does not understand."""
    addresses = {}
    for language in LANGUAGES:
        with translation.override(language):
            addresses[language] = reverse(name) + form.query(page=page.number)
    return {
        "translated_url": addresses[ENGLISH if current() == FRENCH else FRENCH],
        "canonical": request.build_absolute_uri(addresses[current()]),
        "addresses": [Address(TAGS[code], request.build_absolute_uri(url)) for code, url in addresses.items()],
    }
