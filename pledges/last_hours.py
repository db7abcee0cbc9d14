"""The second and last mail to those who asked to be told: 48 hours are left, and they have not contributed.

May be run again at any time within the hours in which it is true: a mail has one row per reader.
"""

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, QuerySet

from campaigns import queries
from campaigns.emails import opening_mails, opening_topic
from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import clock, outbox
from home.models import NewsConsent
from home.tenancy import within
from pledges.emails import LAST_HOURS
from pledges.enums import PledgeState
from pledges.models import Pledge

BEFORE = timedelta(hours=48)
#: How late it may leave and still be true enough; after that it is not sent at all.
AT_MOST_LATE = timedelta(hours=12)

#: Who is contributing, or has.
CONTRIBUTES = (PledgeState.PENDING, PledgeState.CONFIRMED)


def near_their_end() -> QuerySet[Campaign]:
    """Live campaigns that have just come to their last 48 hours, and were open before them."""
    now = clock.now()
    return Campaign.objects.filter(
        state=CampaignState.LIVE,
        deadline__lte=now + BEFORE,
        deadline__gt=now + BEFORE - AT_MOST_LATE,
        launched_at__lt=F("deadline") - BEFORE,
    ).select_related("cooperative__site")


def tell(campaign: Campaign) -> None:
    """Not while nobody can read what it is about."""
    with within(campaign.cooperative):
        if not queries.is_public(campaign):
            return
        contributes = Pledge.objects.filter(campaign=campaign, backer=OuterRef("backer"), state__in=CONTRIBUTES)
        waiting = NewsConsent.objects.filter(topic=opening_topic(campaign), withdrawn_at=None)
        readers = waiting.exclude(Exists(contributes)).select_related("backer").order_by("pk")
        outbox.queue_all(opening_mails(campaign, LAST_HOURS, readers.iterator(500)))
