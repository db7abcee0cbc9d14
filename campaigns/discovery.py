"""Finding campaigns: those of one cooperative, or across those that asked to be found.

A campaign is found while it has a live page. Words are looked up in the pages of both languages, folded by the
database's search (accents and case do not count).
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import CharField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from wagtail.models import PageViewRestriction

from campaigns.enums import OVER, PREPARING, CampaignState
from campaigns.models import Campaign, CampaignPage
from home import clock
from home.formats import folded
from home.models import Cooperative

#: A campaign ends soon when its deadline is no farther away.
SOON = timedelta(days=7)


@dataclass(frozen=True)
class Wanted:
    """What a visitor looks for; empty fields do not narrow. `place` as the campaigns say it in either language."""

    words: str = ""
    theme: str = ""
    place: str = ""
    funding_model: str = ""


def public_campaigns(cooperative: Cooperative | None) -> QuerySet[Campaign]:
    """Those of one cooperative; without one, those of every cooperative that is listed and not archived.

    The latter needs a scope that is lifted (the platform's own page).
    """
    path = ExpressionWrapper(OuterRef("path"), output_field=CharField())
    restricted = PageViewRestriction.objects.alias(below=path).filter(below__startswith=F("page__path"))
    open_pages = CampaignPage.objects.live().exclude(Exists(restricted))
    live_page = open_pages.filter(translation_key=OuterRef("translation_key"))
    campaigns = Campaign.objects.filter(Exists(live_page)).exclude(state__in=PREPARING)
    if cooperative is not None:
        return campaigns.filter(cooperative=cooperative)
    return campaigns.filter(cooperative__listed=True, cooperative__archived_at=None)


def narrowed(campaigns: QuerySet[Campaign], wanted: Wanted) -> QuerySet[Campaign]:
    """Those that have everything that is wanted."""
    if wanted.theme:
        campaigns = campaigns.filter(theme=wanted.theme)
    if wanted.place:
        campaigns = campaigns.filter(Q(place_fr=wanted.place) | Q(place_en=wanted.place))
    if wanted.funding_model:
        campaigns = campaigns.filter(funding_model=wanted.funding_model)
    if wanted.words:
        campaigns = campaigns.filter(
            Q(translation_key__in=_keys_found(wanted.words)) | Q(cooperative__in=_cooperatives_named(wanted.words))
        )
    return campaigns


def running(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Those that take pledges now, the nearest deadline first."""
    return campaigns.filter(state=CampaignState.LIVE, deadline__gt=clock.now()).order_by("deadline", "pk")


def ending_soon(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    return running(campaigns).filter(deadline__lte=clock.now() + SOON)


def announced(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Those that open later, the nearest opening first."""
    return campaigns.filter(state=CampaignState.ANNOUNCED).order_by(F("launch_at").asc(nulls_last=True), "pk")


def over(campaigns: QuerySet[Campaign]) -> QuerySet[Campaign]:
    """Those whose deadline has passed, the latest first."""
    past = Q(state__in=[*OVER, CampaignState.CLOSING]) | Q(state=CampaignState.LIVE, deadline__lte=clock.now())
    return campaigns.filter(past).order_by("-deadline", "-pk")


def places(campaigns: QuerySet[Campaign], language: str) -> list[str]:
    """Where the campaigns are, in the words of a language, in alphabetical order."""
    pairs = campaigns.order_by().values_list("place_fr", "place_en").distinct()
    said = {(french or english) if language == "fr" else (english or french) for french, english in pairs}
    return sorted(said - {""}, key=folded)


def _keys_found(words: str) -> list[object]:
    pages = CampaignPage.objects.live().public()
    found = {page.translation_key for page in pages.search(words)}
    return list(found | {page.translation_key for page in pages.autocomplete(words)})


def _cooperatives_named(words: str) -> list[int]:
    """There are few of them, and their names are in no index."""
    names = Cooperative.objects.filter(archived_at=None).values_list("pk", "name")
    return [pk for pk, name in names if folded(words) in folded(name)]
