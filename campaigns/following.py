"""« Prévenez-moi »: who asked to be told of an opening, and what they agreed to. Two mails at most."""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.emails import opening_topic
from campaigns.models import Campaign
from home import backing
from home.models import ConsentPlace

#: What someone agrees to by pressing the button; kept word for word with their consent.
CONSENT = _(
    "I ask to be notified by email when this campaign opens, and 48 hours before it ends if I have not contributed. "
    "Two emails at most. I can unsubscribe at any time."
)


def follow(campaign: Campaign, *, email: str, language: str) -> None:
    """Record the wish. A second time changes nothing, whoever asks."""
    with transaction.atomic():
        backer = backing.find_or_make(campaign.cooperative, email=email, name="", language=language)
        backing.grant_news(
            backer, opening_topic(campaign), text=str(CONSENT), language=language, place=ConsentPlace.OPENING
        )
