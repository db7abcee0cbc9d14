"""A campaign in time, and the posters of a cooperative's campaigns."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeGuard
from urllib.parse import urlencode

from django import template
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from campaigns import discovery, lifecycle, measures, posters
from campaigns.models import Campaign
from campaigns.posters import Poster
from home import clock, formats
from home.models import Cooperative
from home.page_cache import noting
from home.referral import via_of

register = template.Library()

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
#: A count of days or hours is one less from this long after a whole one on.
AFTER = timedelta(seconds=1)
#: How many campaigns that are over a home page shows before it points to the list of all.
SHOWN_ENDED = 6


@dataclass(frozen=True)
class TimeLeft:
    """What is left until the deadline, and until when, as two sentences."""

    left: str
    until: str


@dataclass(frozen=True)
class Posters:
    """What a cooperative's home page shows; `more` are campaigns that are over and not shown here."""

    live: list[Poster]
    announced: list[Poster]
    ended: list[Poster]
    more: int


def _may_be_open(campaign: Campaign | None) -> TypeGuard[Campaign]:
    """Not once its cooperative left."""
    return campaign is not None and campaign.cooperative.archived_at is None


@register.simple_tag
def takes_pledges(campaign: Campaign | None) -> bool:
    noting.until(campaign.deadline if campaign else None)
    return _may_be_open(campaign) and lifecycle.takes_pledges(campaign, clock.now())


@register.simple_tag
def takes_late_pledges(campaign: Campaign | None) -> bool:
    """Whether tiers that are sold late may be chosen now."""
    noting.until(campaign.deadline if campaign else None)
    return _may_be_open(campaign) and lifecycle.takes_late_pledges(campaign, clock.now())


@register.simple_tag
def is_paused(campaign: Campaign | None) -> bool:
    """Open to contributions, or still offering some after its end, while its cooperative cannot take any payment."""
    if campaign is None or campaign.cooperative.takes_payments:
        return False
    return takes_pledges(campaign) or takes_late_pledges(campaign)


@register.filter
def goal_words(terms: Any, currency: str) -> str:
    """The goal of a campaign, of its page or of an assessment: « 10 000 $ », « 200 unités »."""
    return measures.goal_of(terms, currency)


@register.filter
def measure(amount: int, campaign: Campaign) -> str:
    """What counts towards the goal of a campaign, as that goal is written."""
    return measures.in_words(amount, campaign.goal_unit, campaign.currency)


@register.filter
def strong_measure(amount: int, campaign: Campaign) -> SafeString:
    """The same, standing out in its sentence."""
    return format_html("<b>{}</b>", measure(amount, campaign))


@register.simple_tag
def measured(amount: int, goal_unit: str, currency: str) -> str:
    """The same where there is no campaign yet."""
    return measures.in_words(amount, goal_unit, currency)


@register.simple_tag
def extension_words(campaign: Campaign) -> SafeString:
    """That the deadline was moved, the first one struck out; empty where it was not."""
    if campaign.first_deadline is None:
        return SafeString("")
    zone = campaign.cooperative.time_zone
    words = gettext("Deadline moved to %(deadline)s (first set for %(first_deadline)s)")
    return format_html(
        words.replace("%(deadline)s", "{deadline}").replace("%(first_deadline)s", "{first_deadline}"),
        deadline=formats.deadline(campaign.deadline, zone),
        first_deadline=format_html("<s>{}</s>", formats.deadline(campaign.first_deadline, zone)),
    )


@register.simple_tag
def time_left(campaign: Campaign) -> TimeLeft:
    """Days, on the last day hours, then less than an hour; empty once the deadline has passed."""
    left, zone = campaign.deadline - clock.now(), campaign.cooperative.time_zone
    noting.until(campaign.deadline - left // HOUR * HOUR + AFTER if left < DAY else _one_day_less(campaign, left))
    noting.until(campaign.deadline)
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


def _one_day_less(campaign: Campaign, left: timedelta) -> datetime:
    return campaign.deadline - left // DAY * DAY + AFTER


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
def home_posters(context: dict[str, Any], cooperative: Cooperative) -> Posters:
    """Those that run by deadline, those announced by opening, then the latest of those that are over."""
    public = discovery.public_campaigns(cooperative).select_related("cooperative__site")
    running, announced = list(discovery.running(public)), list(discovery.announced(public))
    over = discovery.over(public)
    ended = list(over[:SHOWN_ENDED])
    for campaign in running:
        noting.until(campaign.deadline)
    shown = posters.posters_of([*running, *announced, *ended], context.get("request"))
    return Posters(
        live=[poster for poster in shown if poster.campaign in running],
        announced=[poster for poster in shown if poster.campaign in announced],
        ended=[poster for poster in shown if poster.campaign in ended],
        more=over.count() - len(ended) if len(ended) == SHOWN_ENDED else 0,
    )


@register.simple_tag
def opening_words(campaign: Campaign) -> str:
    """When an announced campaign opens, as far as it is known."""
    if campaign.launch_at is None:
        return gettext("Opens soon")
    return gettext("Opens %(date)s") % {"date": formats.local_day(campaign.launch_at, campaign.cooperative.time_zone)}
