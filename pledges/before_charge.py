"""What is written before the debit of a promise: three days ahead its amount and date, a week ahead its card expires.

Each once for a deadline (an extension makes another one), while the campaign runs. May be run again at any time: a
mail has one row per reader and occasion. The two never leave on the same day: a card is pointed out until the fourth
day before the end at the latest.
"""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import QuerySet

from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign
from home import clock, outbox
from home.mail.registry import kind_of
from home.models import OutgoingMail
from home.tenancy import within
from pledges.consent_texts import charge_day
from pledges.enums import CardState, PledgeState
from pledges.models import Pledge

UPCOMING, EXPIRING = "charge_upcoming", "card_expiring"

#: How long before the end each is written, and how late it may still leave.
UPCOMING_BEFORE, UPCOMING_LATE = timedelta(days=3), timedelta(days=1)
EXPIRING_BEFORE, EXPIRING_LATE = timedelta(days=7), timedelta(days=3)


def near_their_charge() -> QuerySet[Campaign]:
    """Running all-or-nothing campaigns that end within the week."""
    now = clock.now()
    return Campaign.objects.filter(
        state=CampaignState.LIVE,
        funding_model=FundingModel.ALL_OR_NOTHING,
        deadline__gt=now + UPCOMING_BEFORE - UPCOMING_LATE,
        deadline__lte=now + EXPIRING_BEFORE,
    ).select_related("cooperative__site")


def tell(campaign: Campaign) -> None:
    """Write what is due now, to each promise that stands."""
    left = campaign.deadline - clock.now()
    with within(campaign.cooperative):
        if UPCOMING_BEFORE - UPCOMING_LATE < left <= UPCOMING_BEFORE:
            outbox.queue_all(_mails(campaign, UPCOMING, _promised_in_time(campaign)))
        elif EXPIRING_BEFORE - EXPIRING_LATE < left <= EXPIRING_BEFORE:
            outbox.queue_all(_mails(campaign, EXPIRING, _expiring(campaign)))


def _standing(campaign: Campaign) -> QuerySet[Pledge]:
    """Promises to be charged, which their backers may still change."""
    kept = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED, card_state=CardState.KEPT)
    return kept.select_related("backer").order_by("pk")


def _promised_in_time(campaign: Campaign) -> QuerySet[Pledge]:
    """Who promises within the last three days has just read amount and date."""
    return _standing(campaign).filter(confirmed_at__lte=campaign.deadline - UPCOMING_BEFORE)


def _expiring(campaign: Campaign) -> QuerySet[Pledge]:
    return _standing(campaign).filter(card_expires__lt=charge_day(campaign).replace(day=1))


def _mails(campaign: Campaign, kind: str, pledges: QuerySet[Pledge]) -> Iterator[OutgoingMail]:
    occasion = f"end:{campaign.deadline:%Y-%m-%dT%H:%M}"
    for pledge in pledges.iterator(500):
        yield outbox.mail_for(
            kind_of(kind),
            cooperative=campaign.cooperative,
            subject_key=pledge.key,
            occasion=occasion,
            to=pledge.backer,
            language=pledge.language,
        )
