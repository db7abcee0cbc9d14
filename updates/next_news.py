"""« Prochaines nouvelles d’ici le … »: what the latest announcement of a campaign promised, and whether it came.

Kept by any update published after the announcement. Once the day has passed without one, it is missed: backers read it
on the campaign's page, the team at the top of its lists.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home.models import Cooperative
from pledges.fulfilment import today_in
from updates.models import DelayNotice, Update


@dataclass(frozen=True)
class NextNews:
    """News that were promised for a day, and have not come yet."""

    campaign: Campaign
    notice: DelayNotice
    on: date
    announced_at: datetime
    is_missed: bool


def missed(cooperative: Cooperative) -> list[NextNews]:
    """Of every campaign that still goes on, those whose day has passed, longest first. Two queries."""
    notices = DelayNotice.objects.filter(cooperative=cooperative).exclude(campaign__state=CampaignState.CLOSED)
    by_campaign: dict[int, list[DelayNotice]] = {}
    for notice in notices.select_related("campaign__cooperative__site", "update").order_by("announced_at", "pk"):
        by_campaign.setdefault(notice.campaign_id, []).append(notice)
    latest = Update.objects.filter(cooperative=cooperative, campaign__in=by_campaign).order_by().values("campaign")
    published = dict(latest.annotate(last=Max("published_at")).values_list("campaign", "last"))
    today = today_in(cooperative)
    found = [awaited(some, published.get(pk), today) for pk, some in by_campaign.items()]
    return sorted((one for one in found if one and one.is_missed), key=lambda one: one.on)


def missed_notices(cooperative: Cooperative) -> list[DelayNotice]:
    """The same as the notices that promised them."""
    return [one.notice for one in missed(cooperative)]


def of_campaign(campaign: Campaign) -> NextNews | None:
    """What one campaign's backers still wait for. One query where no date ever moved, otherwise two."""
    notices = list(DelayNotice.objects.filter(campaign=campaign).select_related("update"))
    if not notices:
        return None
    for notice in notices:
        notice.campaign = campaign
    published = Update.objects.filter(campaign=campaign).aggregate(last=Max("published_at"))
    return awaited(notices, published["last"], today_in(campaign.cooperative))


def awaited(notices: Iterable[DelayNotice], last_published: datetime | None, today: date) -> NextNews | None:
    """What a campaign's latest announcement promised, if nothing was published since. `notices`: all of the campaign's.

    An announcement of several notices promised news by the earliest of their days.
    """
    announced = list(notices)
    if not announced:
        return None
    latest = max(announced, key=lambda notice: (notice.announced_at, notice.pk))
    if last_published and last_published > latest.announced_at:
        return None
    together = [notice for notice in announced if notice.update_id == latest.update_id]
    first = min(together, key=lambda notice: (notice.next_news_on, notice.pk))
    day = first.next_news_on
    return NextNews(latest.campaign, first, day, latest.announced_at, is_missed=today > day)
