"""A campaign in time, and the posters of a cooperative's campaigns."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django import template
from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from wagtail.images import get_image_model

from campaigns import lifecycle, queries
from campaigns.models import Campaign, CampaignPage
from home import clock, formats
from home.languages import TAGS, current
from home.models import Cooperative
from home.referral import via_of

register = template.Library()

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True)
class TimeLeft:
    """What is left until the deadline, and until when, as two sentences."""

    left: str
    until: str


@dataclass(frozen=True)
class Poster:
    """A campaign as a list shows it. `lang` is set where its page is in the other language only."""

    campaign: Campaign
    url: str
    place: str
    tagline: str
    image: Any
    alt: str
    lang: str


@dataclass(frozen=True)
class Posters:
    live: list[Poster]
    ended: list[Poster]


@register.simple_tag
def takes_pledges(campaign: Campaign | None) -> bool:
    return campaign is not None and lifecycle.takes_pledges(campaign, clock.now())


@register.simple_tag
def time_left(campaign: Campaign) -> TimeLeft:
    """Days, on the last day hours, then less than an hour; empty once the deadline has passed."""
    left, zone = campaign.deadline - clock.now(), campaign.cooperative.time_zone
    if left <= timedelta():
        return TimeLeft("", "")
    if left >= DAY:
        days = left // DAY
        words = ngettext("%(n)s day left", "%(n)s days left", days)
        until = gettext("until %(deadline)s") % {"deadline": formats.deadline(campaign.deadline, zone)}
        return TimeLeft(_counted(words, days), until)
    time = {"time": formats.clock_time(campaign.deadline, zone), "zone": formats.zone_name(zone)}
    until = gettext("until %(time)s (%(zone)s)") % time
    if left < HOUR:
        return TimeLeft(gettext("Less than an hour left"), until)
    hours = left // HOUR
    return TimeLeft(_counted(ngettext("%(n)s hour left", "%(n)s hours left", hours), hours), until)


def _counted(words: str, count: int) -> str:
    """The figure stands out in its sentence."""
    return format_html(words.replace("%(n)s", "{}"), format_html("<b>{}</b>", formats.number(count)))


@register.simple_tag(takes_context=True)
def contribute_query(context: dict[str, Any], reward: int | None = None) -> str:
    """What follows the address of the form: the tier chosen, and through which shared link the visitor came."""
    request: HttpRequest | None = context.get("request")
    chosen: dict[str, Any] = {"reward": reward} if reward else {}
    if via := via_of(request):
        chosen["via"] = via
    return f"?{urlencode(chosen)}" if chosen else ""


@register.simple_tag(takes_context=True)
def posters_of(context: dict[str, Any], cooperative: Cooperative) -> Posters:
    """The campaigns that have a live page: those that run by deadline, then those that are over, latest first."""
    campaigns = list(queries.campaigns_of(cooperative).select_related("cooperative"))
    posters = _posters(campaigns, context.get("request"))
    running = [poster for poster in posters if lifecycle.takes_pledges(poster.campaign, clock.now())]
    over = [poster for poster in posters if poster not in running]
    return Posters(
        live=sorted(running, key=lambda poster: poster.campaign.deadline),
        ended=sorted(over, key=lambda poster: poster.campaign.deadline, reverse=True),
    )


def _posters(campaigns: list[Campaign], request: HttpRequest | None) -> list[Poster]:
    pages = _pages(campaigns)
    openings = {key: _opening(page) for key, page in pages.items()}
    images = _images(opening.get("image") for opening in openings.values())
    posters = []
    for campaign in campaigns:
        if page := pages.get(campaign.translation_key):
            opening = openings[campaign.translation_key]
            picture = opening.get("image") or {}
            posters.append(
                Poster(
                    campaign=campaign,
                    url=page.get_url(request) or "",
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


def _images(values: Iterable[Any]) -> dict[int, Any]:
    found = get_image_model().objects.in_bulk([value["image"] for value in values if value and value.get("image")])
    prefetch_related_objects(list(found.values()), "renditions")
    return found
