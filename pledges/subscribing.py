"""News of a campaign for who does not contribute: asked for on a page, then confirmed from the address itself.

Anybody may type an address: nothing is granted before the link mailed to it is opened and its button pressed.
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import translation

from campaigns import queries
from campaigns.models import Campaign
from home import backing, clock, links, outbox
from home.languages import LANGUAGES, current
from home.mail.registry import kind_of
from home.models import Backer, ConsentPlace, OutgoingMail
from pledges.consent_texts import NEWS

PURPOSE = "news"
LASTS = timedelta(days=7)

#: How many such links one person gets in an hour, whoever asks.
MOST, WITHIN = 3, timedelta(hours=1)


@dataclass(frozen=True)
class Asked:
    """What a link confirms."""

    campaign: Campaign
    backer: Backer
    language: str


def ask(campaign: Campaign, *, email: str, language: str) -> None:
    """Mail a link to confirm; not to who gets the news already, nor to an address that news may not go to."""
    cooperative = campaign.cooperative
    with transaction.atomic():
        backer = backing.find_or_make(cooperative, email=email, name="", language=language)
        Backer.objects.select_for_update().get(pk=backer.pk)
        mails = OutgoingMail.objects.filter(kind="news_to_confirm", backer=backer)
        recent = mails.filter(created_at__gt=clock.now() - WITHIN).count()
        if recent >= MOST or _is_settled(campaign, backer):
            return
        outbox.queue(
            kind_of("news_to_confirm"),
            cooperative=cooperative,
            subject_key=f"campaign:{campaign.pk}",
            occasion=f"asked:{mails.count() + 1}",
            to=backer,
            language=language,
        )


def _is_settled(campaign: Campaign, backer: Backer) -> bool:
    standing = backer.news_consents.filter(topic=campaign.translation_key, withdrawn_at=None)
    return standing.exclude(confirmed_at=None).exists() or backing.is_suppressed(campaign.cooperative, backer.email)


def url_for(campaign: Campaign, mail: OutgoingMail) -> str:
    """Where its reader confirms, in the language that was asked for."""
    token = links.sign(PURPOSE, f"{mail.backer_id}:{campaign.pk}:{mail.language}", lasts=LASTS)
    with translation.override(mail.language):
        return campaign.cooperative.root_url + reverse("campaign_news_confirm", args=[token])


def asked_in(token: str) -> Asked:
    """Raises LinkRefused for a link that is over, or opens nothing here."""
    backer_id, campaign_id, language = links.read(PURPOSE, token).subject.split(":")
    backer = Backer.objects.select_related("cooperative").filter(pk=backer_id, erased_at=None).first()
    if backer is None or language not in LANGUAGES or backer.cooperative.archived_at:
        raise links.LinkRefused
    campaign = queries.campaigns_of(backer.cooperative).filter(pk=campaign_id).first()
    if campaign is None:
        raise links.LinkRefused
    return Asked(campaign, backer, language)


@transaction.atomic
def confirm(asked: Asked) -> None:
    """The consent, in the words of its page; who never contributed is written to in the language they chose."""
    backer = asked.backer
    topic = asked.campaign.translation_key
    backing.grant_news(backer, topic, text=str(NEWS), language=current(), place=ConsentPlace.NEWS, confirmed=True)
    if not backer.pledges.exists():
        backing.follow(backer, name=backer.name, language=asked.language)
