"""News of a campaign for who does not contribute: asked for on a page, then confirmed from the address itself.

Anybody may type an address: nothing is granted before the link mailed to it is opened and its button pressed. A link
works once: it names how many yeses of its reader it followed, so that none brings back news that was ended since.
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
from home.models import Backer, ConsentPlace, NewsConsent, OutgoingMail
from pledges.consent_texts import NEWS

PURPOSE = "news"
LASTS = timedelta(days=7)

#: How many such links one person gets in an hour, whoever asks.
MOST, WITHIN = 3, timedelta(hours=1)


@dataclass(frozen=True)
class Asked:
    """What a link confirms; `done`: it did, and its yes stands."""

    campaign: Campaign
    backer: Backer
    language: str
    done: bool = False


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
    said = f"{mail.backer_id}:{campaign.pk}:{mail.language}"
    token = links.sign(PURPOSE, said, lasts=LASTS, generation=yeses(campaign, mail.backer_id))
    with translation.override(mail.language):
        return campaign.cooperative.root_url + reverse("campaign_news_confirm", args=[token])


def yeses(campaign: Campaign, backer_id: int | None) -> int:
    """How often a reader has confirmed an address for these news, whether it stands or was taken back."""
    said = NewsConsent.objects.filter(backer=backer_id, topic=campaign.translation_key)
    return said.exclude(confirmed_at=None).count()


def asked_in(token: str) -> Asked:
    """Raises LinkRefused for a link that is over, opens nothing here, or whose yes was taken back."""
    link = links.read(PURPOSE, token)
    backer_id, campaign_id, language = link.subject.split(":")
    backer = Backer.objects.select_related("cooperative").filter(pk=backer_id, erased_at=None).first()
    if backer is None or language not in LANGUAGES or backer.cooperative.archived_at:
        raise links.LinkRefused
    campaign = queries.campaigns_of(backer.cooperative).filter(pk=campaign_id).first()
    if campaign is None:
        raise links.LinkRefused
    later = yeses(campaign, backer.pk) - link.generation
    if later and (later > 1 or not backing.wants_news(backer, campaign.translation_key)):
        raise links.LinkRefused
    return Asked(campaign, backer, language, done=later > 0)


@transaction.atomic
def confirm(token: str) -> Asked:
    """The consent, in the words of its page; who never contributed is written to in the language they chose.

    Raises LinkRefused, as `asked_in`, also where another one used the link at this very moment.
    """
    Backer.objects.select_for_update().filter(pk=asked_in(token).backer.pk).first()
    asked = asked_in(token)
    if asked.done:
        return asked
    backer = asked.backer
    topic = asked.campaign.translation_key
    backing.grant_news(backer, topic, text=str(NEWS), language=current(), place=ConsentPlace.NEWS, confirmed=True)
    if not backer.pledges.exists():
        backing.follow(backer, name=backer.name, language=asked.language)
    return asked
