"""The demo's backers, and their pledges: each one walked through the real code and the double's hosted page."""

import random
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from django.utils import translation
from django.utils.text import slugify

from campaigns.enums import DeliveryZone
from campaigns.models import Campaign, Reward
from home.tenancy import within
from pledges import checkout, pledging, postage, refunds, saved_cards
from pledges.choosing import ChosenReward, PledgeRequest
from pledges.consent_texts import NEWS, VERSION, consent_text
from pledges.enums import CheckoutState, Wall
from pledges.models import Pledge
from sandbox.demo import double
from sandbox.demo.content import CampaignText, Person, Special, people
from sandbox.demo.story import NAMES, tier_id

ORDINARY = Special()
GOOD_CARD = "4242424242424242"
MAILBOXES = {"fr": "courriel.example", "en": "mail.example"}

#: What people say of the wall of thanks: of seven, two show all, three their name, two nothing.
WALLS = (Wall.AMOUNT, Wall.AMOUNT, Wall.NAME, Wall.NAME, Wall.NAME, Wall.NEITHER, Wall.NEITHER)

#: What some add on top of their rewards, in cents.
EXTRAS = (500, 1000, 2000)


@dataclass(frozen=True)
class Contribution:
    """What one person will do; `number` is its place in the campaign, oldest first."""

    number: int
    person: Person
    tiers: Counter[str] = field(default_factory=Counter)
    extra: int = 0
    via: str = ""
    wants_news: bool = False
    card: str = GOOD_CARD
    cancelled: bool = False
    wall: str = Wall.NEITHER
    special: Special = ORDINARY
    is_late: bool = False

    @property
    def email(self) -> str:
        return f"{slugify(self.person.name).replace('-', '.')}@{MAILBOXES[self.person.language]}"


def contributions(text: CampaignText) -> list[Contribution]:
    """The same ones each time: every tier as often as the content says, then the free contributions."""
    crowd = text.crowd
    chance, showing = random.Random(crowd.seed), random.Random(f"wall/{crowd.seed}")  # nosec B311 # a demo that is the same each time
    picks: list[str | int] = [tier.key for tier in text.tiers for _ in range(tier.taken)] + list(crowd.gifts)
    chance.shuffle(picks)
    everyone = people()
    made: list[Contribution] = []
    while picks:
        number = len(made)
        chosen = [picks.pop() for _ in range(2 if number % 9 == 4 and len(picks) > 1 else 1)]
        gift = sum(pick for pick in chosen if isinstance(pick, int))
        made.append(
            Contribution(
                number=number,
                person=everyone[(crowd.first_backer + number) % len(everyone)],
                tiers=Counter(pick for pick in chosen if isinstance(pick, str)),
                extra=gift + (chance.choice(EXTRAS) if number % 7 == 3 else 0),
                via=chance.choice([*crowd.via, "", ""]),
                wants_news=chance.random() < 0.6,
                card=crowd.cards.get(number, GOOD_CARD),
                cancelled=number in crowd.cancelled,
                wall=showing.choice(WALLS) if text.has_wall else Wall.NEITHER,
                special=crowd.special.get(number, Special()),
            )
        )
    for start, add_on in enumerate(text.add_ons):
        _add(made, add_on.key, start, add_on.taken)
    return made


def _add(made: list[Contribution], key: str, start: int, count: int) -> None:
    """Every third of those who chose a reward add this to it, until so many have."""
    with_reward = [one.number for one in made if one.tiers]
    for number in with_reward[start::3][:count]:
        made[number] = replace(made[number], tiers=made[number].tiers + Counter({key: 1}))


def late_ones(text: CampaignText) -> list[Contribution]:
    """Those who come after the end, for one reward each."""
    first, everyone = len(contributions(text)), people()
    return [
        Contribution(
            number=first + index,
            person=everyone[(text.crowd.first_backer + first + index) % len(everyone)],
            tiers=Counter({key: 1}),
            is_late=True,
        )
        for index, key in enumerate(text.crowd.late)
    ]


def gather(campaign: Campaign, text: CampaignText, those: Iterable[Contribution]) -> list[Pledge]:
    """Everybody's pledge, in order; one that was made before is found again by its attempt."""
    with within(campaign.cooperative):
        rewards = {str(reward.block_id): reward for reward in campaign.rewards.prefetch_related("postage")}
        by_key = {offer.key: rewards[tier_id(text, offer.key)] for offer in text.tiers + text.add_ons}
        pledges = [_pledge(campaign, one, by_key) for one in those]
    saved_cards.forget_due()
    refunds.make_due()
    return pledges


def _pledge(campaign: Campaign, one: Contribution, rewards: dict[str, Reward]) -> Pledge:
    row = pledging.begin(campaign.cooperative, _request(campaign, one, rewards))
    if row.state != CheckoutState.COMPLETE:
        checkout.open_page(row)
        double.pay(row.stripe_session, one.card)
        if checkout.finish(row) != CheckoutState.COMPLETE:
            raise RuntimeError(f"The contribution of {one.person.name} was not completed.")
    pledge = Pledge.objects.select_related("campaign", "cooperative__site", "backer").get(pk=row.pledge_id)
    if one.cancelled:
        pledging.cancel(pledge)
    return pledge


def _request(campaign: Campaign, one: Contribution, rewards: dict[str, Reward]) -> PledgeRequest:
    language = one.person.language
    zone = _zone_of([rewards[key] for key in one.tiers], one.number)
    counts = {key: count * one.special.quantity for key, count in one.tiers.items()}
    chosen = [_choice(rewards[key], count, zone, one.number) for key, count in counts.items()]
    total = one.extra + sum(choice.total for choice in chosen)
    with translation.override(language):
        news = str(NEWS) if one.wants_news else ""
    return PledgeRequest(
        campaign_id=campaign.pk,
        attempt=uuid.uuid5(NAMES, f"{campaign.translation_key}/{one.number}"),
        email=one.email,
        name=one.person.name,
        language=language,
        consent_text=consent_text(campaign, total, language, is_late=one.is_late),
        consent_version=VERSION,
        chosen=chosen,
        extra=one.extra,
        via=one.via,
        news_text=news,
        wall=one.wall,
        zone=zone,
        gift_for=one.special.gift_for,
        message=one.special.message,
        company_name=one.special.company_name,
        company_numbers=one.special.company_numbers,
        is_late=one.is_late,
    )


def _zone_of(chosen: list[Reward], number: int) -> str:
    """Of five people, four live as near as what they chose is mailed, one as far; empty where it changes nothing."""
    priced = [prices for reward in chosen if (prices := postage.prices_of(reward))]
    zones = [zone for zone in DeliveryZone if priced and all(zone in prices for prices in priced)]
    return zones[-1 if number % 5 == 2 else 0] if zones else ""


def _choice(reward: Reward, count: int, zone: str, number: int) -> ChosenReward:
    """Of a tier with variants, people take each in turn."""
    variants = list(reward.variants.filter(retired_at=None))
    variant = variants[number % len(variants)].pk if variants else None
    return ChosenReward(reward.pk, count, reward.amount, postage.price_to(reward, zone) or 0, variant)
