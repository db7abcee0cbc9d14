"""Payments that are paused: who asked to be told when they resume, and that one mail.

Each pause is a topic of its own, so that nobody is told of one they did not ask about.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns import lifecycle, queries
from campaigns.models import Campaign
from home import backing, clock, outbox
from home.models import ConsentPlace, Cooperative, NewsConsent, OutgoingMail
from pledges import late_pledges
from pledges.models import StripeAccount
from pledges.wish_emails import RESUMED

#: What someone agrees to by pressing the button; kept word for word with their consent.
CONSENT = _(
    "I ask to be told by email when payments for this campaign resume. One email only. I can unsubscribe at any time."
)


def is_paused(campaign: Campaign) -> bool:
    """Something could be contributed to it, if its cooperative could take payments. One that left never will."""
    cooperative = campaign.cooperative
    return _is_open(campaign) and not cooperative.takes_payments and cooperative.archived_at is None


def _is_open(campaign: Campaign) -> bool:
    return lifecycle.takes_pledges(campaign, clock.now()) or late_pledges.are_offered(campaign)


def ask(campaign: Campaign, *, email: str, language: str) -> None:
    """Record the wish. A second time during the same pause changes nothing, whoever asks."""
    cooperative = campaign.cooperative
    state = StripeAccount.objects.filter(cooperative=cooperative).first()
    with transaction.atomic():
        backer = backing.find_or_make(cooperative, email=email, name="", language=language)
        topic = _topic(campaign, state.charges_lost_at if state else None)
        backing.grant_news(backer, topic, text=str(CONSENT), language=language, place=ConsentPlace.PAUSE)


def tell(cooperative: Cooperative, lost_at: datetime | None) -> None:
    """The pause that began then is over. May be called again: a mail has one row per pause and reader."""
    for campaign in Campaign.objects.filter(cooperative=cooperative).select_related("cooperative__site"):
        if _is_open(campaign) and queries.is_public(campaign):
            outbox.queue_all(_mails(campaign, lost_at))


def _topic(campaign: Campaign, lost_at: datetime | None) -> UUID:
    return uuid5(campaign.translation_key, f"resuming {lost_at.isoformat() if lost_at else ''}")


def _mails(campaign: Campaign, lost_at: datetime | None) -> Iterator[OutgoingMail]:
    topic = _topic(campaign, lost_at)
    consents = NewsConsent.objects.filter(topic=topic, withdrawn_at=None).select_related("backer").order_by("pk")
    for consent in consents.iterator(500):
        yield outbox.mail_for(
            RESUMED,
            cooperative=campaign.cooperative,
            subject_key=f"campaign:{campaign.pk}",
            occasion=lost_at.isoformat() if lost_at else "",
            to=consent.backer,
            facts={"topic": str(topic), "consent_date": consent.granted_at.isoformat()},
            language=consent.language,
        )
