"""The last day of a campaign: how far it may be moved, and what its pages say of it once it was.

The pages' own `end_date` is written by nobody but their editor, save when a deadline is extended: the act is made
beside the page, and what was saved before it must not bring the old day back.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q
from wagtail.models import Revision

from campaigns.models import Campaign, CampaignPage


def day_of(at: datetime, campaign: Campaign) -> date:
    """On the cooperative's calendar."""
    return at.astimezone(ZoneInfo(campaign.cooperative.time_zone)).date()


def latest_end(campaign: Campaign) -> date:
    """The last day that a launched campaign may have: its longest duration, counted from its launch."""
    launched = campaign.launched_at or campaign.deadline
    return day_of(launched, campaign) + timedelta(days=campaign.cooperative.max_campaign_days)


def can_move(campaign: Campaign) -> bool:
    """Whether the limit leaves a day after the last one."""
    return latest_end(campaign) > day_of(campaign.deadline, campaign)


def write_on_pages(campaign: Campaign, day: date) -> None:
    """Every page of the campaign says this day, and so does what is saved and not public yet."""
    pages = CampaignPage.objects.filter(translation_key=campaign.translation_key)
    pages.update(end_date=day)
    ids = [str(pk) for pk in pages.values_list("pk", flat=True)]
    latest = pages.exclude(latest_revision=None).values("latest_revision")
    waiting = Revision.page_revisions.filter(object_id__in=ids).filter(
        Q(pk__in=latest) | Q(approved_go_live_at__isnull=False)
    )
    for revision in waiting:
        revision.content["end_date"] = day.isoformat()
        Revision.objects.filter(pk=revision.pk).update(content=revision.content)
