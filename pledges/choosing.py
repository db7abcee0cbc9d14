"""What a backer chose, checked and written: stock, pledge, items and consent, inside the caller's transaction."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from django.db.models import QuerySet

from campaigns import queries, stock
from campaigns.models import Reward
from home import backing, clock
from home.inserting import insert
from home.models import Backer, Cooperative
from home.ready_queries import Ready
from pledges import postage
from pledges.enums import FulfilmentState, PledgeState, Wall
from pledges.models import Pledge, PledgeConsent, PledgeItem
from pledges.on_offer import Offer


class PledgeRefused(Exception):
    """Nothing was written. `reward` is the one concerned.

    `code`: closed, hidden (no page of the campaign is public), paused, sold_out, retired (the tier or its variant),
    not_offered (an early bird that is over, or not open yet; after the end, a tier that is not sold late), alone (an
    add-on without a reward), variant (none was chosen), zone (it is not mailed there) or price (or postage).
    """

    def __init__(self, code: str, reward: Reward | None = None) -> None:
        super().__init__(code)
        self.code, self.reward = code, reward


@dataclass(frozen=True)
class ChosenReward:
    """`unit_amount` and `unit_postage` are the prices the backer saw, in minor units."""

    reward_id: int
    quantity: int
    unit_amount: int
    unit_postage: int = 0
    variant_id: int | None = None

    @property
    def total(self) -> int:
        return self.quantity * (self.unit_amount + self.unit_postage)


@dataclass(frozen=True)
class PledgeRequest:
    """All that the review page posts. `attempt` is the form's own key: posted twice, it is one pledge.

    `consent_language` is the page's, where it is not the language to write in. `is_late`: what was agreed to is a
    contribution after the end.
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
    zone: str = ""
    gift_for: str = ""
    message: str = ""
    company_name: str = ""
    company_numbers: str = ""
    is_late: bool = False

    @property
    def total(self) -> int:
        return self.extra + sum(one.total for one in self.chosen)


def check(offer: Offer, request: PledgeRequest) -> None:
    """Whether all of it is offered at the prices that were seen. Raises PledgeRefused.

    Call under `lifecycle.keep_open`, which publishing waits for: what was read of the same version stays so until the
    commit. A tier that was sold out when it was read is refused here; `take_stock` says the last word.
    """
    chosen = [offer.by_id[one.reward_id] for one in request.chosen if one.reward_id in offer.by_id]
    if chosen and all(reward.is_add_on for reward in chosen):
        raise PledgeRefused("alone", chosen[0])
    for one in request.chosen:
        _check(_offered(offer.by_id.get(one.reward_id), request), one, request.zone)
    for reward, quantity in _wanted(offer, request):
        if reward.limit is not None and reward.stock.left < quantity:
            raise PledgeRefused("sold_out", reward)


def take_stock(offer: Offer, request: PledgeRequest) -> None:
    """The last of the transaction: nobody waits for this one while its rows are written. Raises PledgeRefused.

    In ascending id, so that two buyers of the same tiers never wait for each other.
    """
    for reward, quantity in _wanted(offer, request):
        if not stock.take(queries.freeze(reward, clock.now()), quantity):
            raise PledgeRefused("sold_out", reward)


def _wanted(offer: Offer, request: PledgeRequest) -> list[tuple[Reward, int]]:
    quantities = Counter[int]()
    for one in request.chosen:
        quantities[one.reward_id] += one.quantity
    return [(offer.by_id[reward_id], quantity) for reward_id, quantity in sorted(quantities.items())]


def _offered(reward: Reward | None, request: PledgeRequest) -> Reward:
    if reward is None or reward.retired_at:
        raise PledgeRefused("retired", reward)
    if not reward.is_offered(clock.now()) or (request.is_late and not reward.sold_late):
        raise PledgeRefused("not_offered", reward)
    return reward


def _check(reward: Reward, one: ChosenReward, zone: str) -> None:
    variants = {variant.pk: variant for variant in reward.variants.all()}
    if one.variant_id is None and any(variant.retired_at is None for variant in variants.values()):
        raise PledgeRefused("variant", reward)
    if one.variant_id is not None and (one.variant_id not in variants or variants[one.variant_id].retired_at):
        raise PledgeRefused("retired", reward)
    price = postage.price_to(reward, zone)
    if price is None:
        raise PledgeRefused("zone", reward)
    if (reward.amount, price) != (one.unit_amount, one.unit_postage):
        raise PledgeRefused("price", reward)


def known_backer(cooperative: Cooperative, request: PledgeRequest) -> Backer | None:
    """Who has this address, if anyone has."""
    return next(iter(_KNOWN(cooperative.pk, backing.email_key(request.email))), None)


def _known(cooperative_id: int, key: str) -> QuerySet[Backer]:
    return Backer.objects.filter(cooperative_id=cooperative_id, email_key=key)


_KNOWN = Ready(_known, prepared=True)


def _backer(cooperative: Cooperative, request: PledgeRequest, known: Backer | None) -> Backer:
    """What is typed is taken over until a contribution stands: anybody may type an address."""
    said = {"name": request.name, "language": request.language}
    if known is None:
        return backing.make(cooperative, email=request.email, **said)
    says_otherwise = (known.name, known.language) != (request.name, request.language)
    if says_otherwise and not known.pledges.filter(state=PledgeState.CONFIRMED).exists():
        backing.follow(known, **said)
    return known


def write_pledge(cooperative: Cooperative, offer: Offer, request: PledgeRequest, known: Backer | None) -> Pledge:
    """One statement a table. Raises IntegrityError for an attempt that was written, or an address just made known."""
    now, campaign = clock.now(), offer.campaign
    backer = _backer(cooperative, request, known)
    pledge = Pledge(
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
        wall_name="" if request.wall == Wall.NEITHER else request.gift_for or request.name,
        gift_for=request.gift_for,
        message=request.message,
        company_name=request.company_name,
        company_numbers=request.company_numbers,
        zone=request.zone,
        is_late=request.is_late,
        created_at=now,
    )
    insert(pledge)
    items = [_item(pledge, offer.by_id[one.reward_id], one, offer.months[one.reward_id]) for one in request.chosen]
    if len(items) == 1:
        insert(items[0])
    else:
        PledgeItem.objects.bulk_create(items)
    written = pledge.items.all()  # its page asks for them: known, and asked for anew by whoever filters them
    written._result_cache = items
    pledge._prefetched_objects_cache = {"items": written}  # type: ignore[attr-defined]
    consent = PledgeConsent(
        pledge=pledge,
        text=request.consent_text,
        text_version=request.consent_version,
        language=request.consent_language or request.language,
        max_amount=request.total,
        currency=campaign.currency,
        given_at=now,
    )
    insert(consent)
    if request.news_text:
        backing.grant_news(backer, campaign.translation_key, text=request.news_text, language=request.language)
    return pledge


def _item(pledge: Pledge, reward: Reward, chosen: ChosenReward, month: date) -> PledgeItem:
    """What is promised is the month shown today, even where the tier's first one has moved."""
    nothing = reward.handover == "nothing"
    return PledgeItem(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        reward=reward,
        variant=next((variant for variant in reward.variants.all() if variant.pk == chosen.variant_id), None),
        quantity=chosen.quantity,
        unit_amount=chosen.unit_amount,
        unit_postage=chosen.unit_postage,
        unit_taxable=postage.taxable_of(reward, chosen.unit_postage),
        title_fr=reward.title_fr or reward.title_en,
        title_en=reward.title_en or reward.title_fr,
        first_month=month,
        handover=reward.handover,
        state=FulfilmentState.NOT_APPLICABLE if nothing else FulfilmentState.NOT_STARTED,
    )
