"""A contribution made by other means, as the team enters it: checked and written with its stock, or nothing at all."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from django.db import IntegrityError, transaction

from campaigns import lifecycle, queries, stock
from campaigns.enums import Handover
from campaigns.models import Campaign, Reward
from home import backing, clock
from home.models import Backer, Cooperative, User
from pledges import money_acts, offline
from pledges.choosing import PledgeRefused
from pledges.enums import FulfilmentState, Origin, PledgeState, Wall
from pledges.models import DeliveryAddress, Pledge, PledgeItem
from pledges.postage import price_to, taxable_of
from pledges.totals import current_months


@dataclass(frozen=True)
class EnteredLine:
    """Some of one tier, in one of its forms if it has several."""

    reward_id: int
    quantity: int
    variant_id: int | None = None


@dataclass(frozen=True)
class Entry:
    """All that the form says. `attempt` is the form's own key: posted twice, it is one contribution.

    `address` has the fields of a DeliveryAddress, or none. `received_on`: the payment is there already.
    """

    campaign_id: int
    attempt: uuid.UUID
    name: str
    language: str
    method: str
    lines: list[EnteredLine] = field(default_factory=list)
    extra: int = 0
    email: str = ""
    zone: str = ""
    wall: str = Wall.NEITHER
    gift_for: str = ""
    company_name: str = ""
    company_numbers: str = ""
    message: str = ""
    reference: str = ""
    address: dict[str, str] = field(default_factory=dict)
    received_on: date | None = None


def enter(cooperative: Cooperative, entry: Entry, *, by: User | None, tell: bool) -> Pledge:
    """Write it, awaited or received, and the mail that says so. The same attempt again gives the same contribution.

    Raises PledgeRefused: closed, late (a tier that is not offered after the end, or none), zone (not mailed there),
    alone, retired, not_offered, variant or sold_out.
    """
    try:
        return _earlier(cooperative, entry) or _enter(cooperative, entry, by=by, tell=tell)
    except (IntegrityError, PledgeRefused):
        if earlier := _earlier(cooperative, entry):
            return earlier
        raise


def _earlier(cooperative: Cooperative, entry: Entry) -> Pledge | None:
    return Pledge.objects.filter(cooperative=cooperative, attempt=entry.attempt, origin=Origin.OFFLINE).first()


def _enter(cooperative: Cooperative, entry: Entry, *, by: User | None, tell: bool) -> Pledge:
    with transaction.atomic():
        campaign = lifecycle.keep_open(entry.campaign_id)
        late = lifecycle.takes_late_pledges(campaign, clock.now())
        if not late and not lifecycle.takes_pledges(campaign, clock.now()):
            raise PledgeRefused("closed")
        rewards = _offered(campaign, entry, late=late)
        pledge = _write(cooperative, campaign, entry, rewards, by=by, late=late)
        _take_stock(rewards, entry)
        payment = offline.await_payment(pledge, method=entry.method, reference=entry.reference)
        money_acts.on_pledge(money_acts.OFFLINE_ENTERED, pledge, by, method=entry.method)
        if entry.received_on:
            offline.receive(
                payment, on=entry.received_on, method=entry.method, reference=entry.reference, by=by, tell=tell
            )
        elif tell:
            offline.tell_recorded(pledge)
    return pledge


def _offered(campaign: Campaign, entry: Entry, *, late: bool) -> dict[int, Reward]:
    """The tiers that were chosen, all of them on offer; their stock is another matter."""
    rows = Reward.objects.filter(campaign=campaign).prefetch_related("variants", "postage")
    rewards = rows.in_bulk([line.reward_id for line in entry.lines])
    if late and not rewards:
        raise PledgeRefused("late")
    if rewards and all(reward.is_add_on for reward in rewards.values()):
        raise PledgeRefused("alone", next(iter(rewards.values())))
    for line in entry.lines:
        _check_line(rewards.get(line.reward_id), line, entry.zone, late=late)
    return rewards


def _take_stock(rewards: dict[int, Reward], entry: Entry) -> None:
    """After the backer's row, and in ascending id: two who take the same ones never wait for each other."""
    wanted: Counter[int] = Counter()
    for line in entry.lines:
        wanted[line.reward_id] += line.quantity
    for reward_id, quantity in sorted(wanted.items()):
        reward = queries.freeze(rewards[reward_id], clock.now())
        if not stock.take(reward, quantity):
            raise PledgeRefused("sold_out", reward)


def _check_line(reward: Reward | None, line: EnteredLine, zone: str, *, late: bool) -> None:
    if reward is None or reward.retired_at:
        raise PledgeRefused("retired", reward)
    if not reward.is_offered(clock.now()):
        raise PledgeRefused("not_offered", reward)
    if late and not reward.sold_late:
        raise PledgeRefused("late", reward)
    offered = {one.pk for one in reward.variants.all() if one.retired_at is None}
    if line.variant_id not in offered and (offered or line.variant_id is not None):
        raise PledgeRefused("variant", reward)
    if price_to(reward, zone) is None:
        raise PledgeRefused("zone", reward)


def _write(
    cooperative: Cooperative,
    campaign: Campaign,
    entry: Entry,
    rewards: dict[int, Reward],
    *,
    by: User | None,
    late: bool,
) -> Pledge:
    postage = {pk: price_to(reward, entry.zone) or 0 for pk, reward in rewards.items()}
    of_lines = sum(one.quantity * (rewards[one.reward_id].amount + postage[one.reward_id]) for one in entry.lines)
    pledge = Pledge.objects.create(
        cooperative=cooperative,
        campaign=campaign,
        backer=_backer(cooperative, entry),
        attempt=entry.attempt,
        origin=Origin.OFFLINE,
        is_late=late,
        currency=campaign.currency,
        amount=entry.extra + of_lines,
        extra=entry.extra,
        language=entry.language,
        wall=entry.wall,
        wall_name="" if entry.wall == Wall.NEITHER else entry.gift_for or entry.name,
        gift_for=entry.gift_for,
        message=entry.message,
        company_name=entry.company_name,
        company_numbers=entry.company_numbers,
        zone=entry.zone,
        created_at=clock.now(),
        entered_by=by,
    )
    months = current_months(rewards.values())
    PledgeItem.objects.bulk_create(
        _item(pledge, rewards[line.reward_id], line, months[line.reward_id], postage[line.reward_id])
        for line in entry.lines
    )
    if entry.address:
        DeliveryAddress.objects.create(cooperative=cooperative, pledge=pledge, changed_at=clock.now(), **entry.address)
    return pledge


def _backer(cooperative: Cooperative, entry: Entry) -> Backer:
    if not entry.email:
        return backing.make_without_address(cooperative, name=entry.name, language=entry.language)
    backer = backing.find_or_make(cooperative, email=entry.email, name=entry.name, language=entry.language)
    if not backer.pledges.filter(state=PledgeState.CONFIRMED).exists():
        backing.follow(backer, name=entry.name, language=entry.language)
    return backer


def _item(pledge: Pledge, reward: Reward, line: EnteredLine, month: date, postage: int) -> PledgeItem:
    """What is promised is the month shown today, even where the tier's first one has moved."""
    nothing = reward.handover == Handover.NOTHING
    return PledgeItem(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        reward=reward,
        variant_id=line.variant_id,
        quantity=line.quantity,
        unit_amount=reward.amount,
        unit_postage=postage,
        unit_taxable=taxable_of(reward, postage),
        title_fr=reward.title_fr or reward.title_en,
        title_en=reward.title_en or reward.title_fr,
        first_month=month,
        handover=reward.handover,
        state=FulfilmentState.NOT_APPLICABLE if nothing else FulfilmentState.NOT_STARTED,
    )
