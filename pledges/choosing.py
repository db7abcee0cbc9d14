"""What a backer chose, checked and written: stock, pledge, items and consent, inside the caller's transaction."""

import uuid
from dataclasses import dataclass, field
from datetime import date

from campaigns import queries, stock
from campaigns.models import Campaign, Reward
from home import backing, clock
from home.models import Cooperative
from pledges.enums import FulfilmentState, PledgeState, Wall
from pledges.models import Pledge, PledgeConsent, PledgeItem
from pledges.totals import current_months


class PledgeRefused(Exception):
    """Nothing was written. `reward` is the one concerned.

    `code`: closed, hidden (no page of the campaign is public), paused, sold_out, retired, not_offered (an early bird
    that is over, or not open yet), alone (an add-on without a reward) or price.
    """

    def __init__(self, code: str, reward: Reward | None = None) -> None:
        super().__init__(code)
        self.code, self.reward = code, reward


@dataclass(frozen=True)
class ChosenReward:
    """`unit_amount` is the price the backer saw, in minor units."""

    reward_id: int
    quantity: int
    unit_amount: int


@dataclass(frozen=True)
class PledgeRequest:
    """All that the review page posts. `attempt` is the form's own key: posted twice, it is one pledge.

    `consent_language` is the page's, where it is not the language to write in.
    """

    campaign_id: int
    attempt: uuid.UUID
    email: str
    name: str
    language: str
    consent_text: str
    consent_version: str
    chosen: list[ChosenReward] = field(default_factory=list)
    extra: int = 0
    via: str = ""
    news_text: str = ""
    consent_language: str = ""
    wall: str = Wall.NEITHER

    @property
    def total(self) -> int:
        return self.extra + sum(one.quantity * one.unit_amount for one in self.chosen)


def take_stock(campaign: Campaign, request: PledgeRequest) -> dict[int, Reward]:
    """In ascending id, so that two buyers of the same tiers never wait for each other."""
    wanted = sorted(request.chosen, key=lambda one: one.reward_id)
    rewards = Reward.objects.filter(campaign=campaign).in_bulk([one.reward_id for one in wanted])
    if rewards and all(reward.is_add_on for reward in rewards.values()):
        raise PledgeRefused("alone", rewards[wanted[0].reward_id])
    for one in wanted:
        reward = _offered(rewards.get(one.reward_id))
        reward = queries.freeze(reward, clock.now())
        if reward.amount != one.unit_amount:
            raise PledgeRefused("price", reward)
        if not stock.take(reward, one.quantity):
            raise PledgeRefused("sold_out", reward)
    return rewards


def _offered(reward: Reward | None) -> Reward:
    if reward is None or reward.retired_at:
        raise PledgeRefused("retired", reward)
    if not reward.is_offered(clock.now()):
        raise PledgeRefused("not_offered", reward)
    return reward


def write_pledge(
    cooperative: Cooperative, campaign: Campaign, request: PledgeRequest, rewards: dict[int, Reward]
) -> Pledge:
    now = clock.now()
    backer = backing.find_or_make(cooperative, email=request.email, name=request.name, language=request.language)
    if not backer.pledges.filter(state=PledgeState.CONFIRMED).exists():
        backing.follow(backer, name=request.name, language=request.language)
    pledge = Pledge.objects.create(
        cooperative=cooperative,
        campaign=campaign,
        backer=backer,
        attempt=request.attempt,
        currency=campaign.currency,
        amount=request.total,
        extra=request.extra,
        language=request.language,
        via=request.via,
        wall=request.wall,
        wall_name="" if request.wall == Wall.NEITHER else request.name,
        created_at=now,
    )
    months = current_months(rewards.values())
    PledgeItem.objects.bulk_create(
        _item(pledge, rewards[one.reward_id], one.quantity, months[one.reward_id]) for one in request.chosen
    )
    PledgeConsent.objects.create(
        pledge=pledge,
        text=request.consent_text,
        text_version=request.consent_version,
        language=request.consent_language or request.language,
        max_amount=request.total,
        currency=campaign.currency,
        given_at=now,
    )
    if request.news_text:
        backing.grant_news(backer, campaign.translation_key, text=request.news_text, language=request.language)
    return pledge


def _item(pledge: Pledge, reward: Reward, quantity: int, month: date) -> PledgeItem:
    """What is promised is the month shown today, even where the tier's first one has moved."""
    nothing = reward.handover == "nothing"
    return PledgeItem(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        reward=reward,
        quantity=quantity,
        unit_amount=reward.amount,
        unit_taxable=reward.taxable,
        title_fr=reward.title_fr or reward.title_en,
        title_en=reward.title_en or reward.title_fr,
        first_month=month,
        handover=reward.handover,
        state=FulfilmentState.NOT_APPLICABLE if nothing else FulfilmentState.NOT_STARTED,
    )
