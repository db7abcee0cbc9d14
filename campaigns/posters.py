"""Campaigns as a list shows them: the words and the picture of their page in the reader's language."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from campaigns.models import Campaign, CampaignPage
from home.languages import TAGS, current
from home.ready_bodies import fetch_pictures


@dataclass(frozen=True)
class Poster:
    """`lang` is set where the campaign's page is in the other language only."""

    campaign: Campaign
    url: str
    place: str
    tagline: str
    image: Any
    alt: str
    lang: str


def posters_of(campaigns: Iterable[Campaign], request: HttpRequest | None) -> list[Poster]:
    """Of those that have a live page, in the order given. In a fixed number of queries."""
    wanted = list(campaigns)
    own_host = getattr(request, "cooperative", None) is not None  # the platform's host is no page's
    pages = _pages(wanted)
    openings = {key: _opening(page) for key, page in pages.items()}
    images = fetch_pictures((opening.get("image") or {}).get("image") for opening in openings.values())
    posters = []
    for campaign in wanted:
        if page := pages.get(campaign.translation_key):
            opening = openings[campaign.translation_key]
            picture = opening.get("image") or {}
            posters.append(
                Poster(
                    campaign=campaign,
                    url=(page.get_url(request) if own_host else page.full_url) or "",
                    place=opening.get("place") or "",
                    tagline=opening.get("tagline") or "",
                    image=images.get(picture.get("image") or 0),
                    alt=picture.get("alt_text") or "",
                    lang="" if page.locale.language_code == current() else TAGS[page.locale.language_code],
                )
            )
    return posters


def _pages(campaigns: list[Campaign]) -> dict[Any, CampaignPage]:
    """The live page of each campaign, in the reader's language if there is one."""
    keys = [campaign.translation_key for campaign in campaigns]
    live = CampaignPage.objects.live().filter(translation_key__in=keys).select_related("locale")
    ours_last = sorted(live, key=lambda page: page.locale.language_code == current())
    return {page.translation_key: page for page in ours_last}


def _opening(page: CampaignPage) -> dict[str, Any]:
    """The title block as stored: turning the whole page into blocks would cost queries for each campaign."""
    return next((block["value"] for block in page.body.raw_data if block["type"] == "title"), {})
