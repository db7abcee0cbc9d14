"""What a contribution would become: every line with its price, or why it may not be. Nothing is written here.

Items kept keep what was promised (price, postage while the zone stays, month); what is new gets today's. What is over,
retired or gone may be kept or given up, and not taken in greater number.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from campaigns.enums import Handover
from campaigns.models import Reward, RewardVariant
from pledges.choosing import PledgeRefused
from pledges.models import Pledge, PledgeChange, PledgeItem
from pledges.postage import price_to, taxable_of

#: A reward and one of its variants, if it has any.
Key = tuple[int, int | None]


@dataclass(frozen=True)
class Wanted:
    """One reward wanted in the end, in all: not one more of it."""

    reward_id: int
    quantity: int
    variant_id: int | None = None

    @property
    def key(self) -> Key:
        return self.reward_id, self.variant_id


@dataclass(frozen=True)
class PlannedLine:
    """One reward of what a contribution becomes. Amounts in minor units, for one. `is_new`: not promised before."""

    reward: Reward
    variant: RewardVariant | None
    quantity: int
    unit_amount: int
    unit_postage: int
    unit_taxable: int
    is_new: bool

    @property
    def total(self) -> int:
        """Without postage."""
        return self.quantity * self.unit_amount

    @property
    def postage(self) -> int:
        return self.quantity * self.unit_postage

    @property
    def title(self) -> str:
        return f"{self.reward.title} ({self.variant})" if self.variant else self.reward.title


@dataclass(frozen=True)
class Plan:
    """Lines in ascending reward, what is added to them, and where they are mailed (empty: nowhere)."""

    lines: list[PlannedLine]
    extra: int
    zone: str
    had: Counter[int]

    @property
    def amount(self) -> int:
        return self.extra + sum(line.total + line.postage for line in self.lines)

    @property
    def postage(self) -> int:
        return sum(line.postage for line in self.lines)

    @property
    def more(self) -> dict[int, int]:
        """By reward id, ascending: how many more than before (fewer is negative); those that stay are left out."""
        wanted: Counter[int] = Counter()
        for line in self.lines:
            wanted[line.reward.pk] += line.quantity
        ids = sorted({*wanted, *self.had})
        return {pk: wanted[pk] - self.had[pk] for pk in ids if wanted[pk] != self.had[pk]}

    def is_same_as(self, pledge: Pledge) -> bool:
        now = {(line.reward.pk, line.variant.pk if line.variant else None): line.quantity for line in self.lines}
        before = {(item.reward_id, item.variant_id): item.quantity for item in items_of(pledge)}
        return (now, self.extra, self.zone) == (before, pledge.extra, pledge.zone)


def items_of(pledge: Pledge) -> list[PledgeItem]:
    """What is promised now; one that was given up after a delay was announced for it stays as a row of none."""
    items = pledge.items.select_related("reward", "variant").filter(quantity__gt=0)
    return list(items.order_by("reward_id", "id"))


def plan_of(pledge: Pledge, wanted: list[Wanted], extra: int, zone: str, at: datetime) -> Plan:
    """What the contribution would become at that instant.

    Raises PledgeRefused: retired, not_offered, alone (an add-on without a reward), variant, zone, or empty.
    """
    taken = sorted((one for one in wanted if one.quantity), key=lambda one: (one.reward_id, one.variant_id or 0))
    items = {(item.reward_id, item.variant_id): item for item in items_of(pledge)}
    had = Counter[int]()
    for item in items.values():
        had[item.reward_id] += item.quantity
    rewards = _rewards(pledge, taken)
    _check(rewards, taken, had, extra, at)
    mailed = zone if any(reward.handover == Handover.POST for reward in rewards.values()) else ""
    lines = [_line(rewards[one.reward_id], one, items, pledge.zone, mailed) for one in taken]
    return Plan(lines, extra, mailed, had)


def _rewards(pledge: Pledge, taken: list[Wanted]) -> dict[int, Reward]:
    rows = Reward.objects.filter(campaign_id=pledge.campaign_id).prefetch_related("variants", "postage")
    return rows.in_bulk([one.reward_id for one in taken])


def _check(rewards: dict[int, Reward], taken: list[Wanted], had: Counter[int], extra: int, at: datetime) -> None:
    if not taken and not extra:
        raise PledgeRefused("empty")
    wanted: Counter[int] = Counter()
    for one in taken:
        wanted[one.reward_id] += one.quantity
    for pk, quantity in wanted.items():
        reward = rewards.get(pk)
        if reward is None:
            raise PledgeRefused("retired")
        if quantity > had[pk] and not reward.is_offered(at):
            raise PledgeRefused("retired" if reward.retired_at else "not_offered", reward)
    if rewards and all(reward.is_add_on for reward in rewards.values()):
        raise PledgeRefused("alone", rewards[taken[0].reward_id])


def _line(reward: Reward, one: Wanted, items: dict[Key, PledgeItem], old_zone: str, zone: str) -> PlannedLine:
    kept = items.get(one.key)
    variant = kept.variant if kept else _variant(reward, one.variant_id)
    like = kept or next((item for (pk, _variant_id), item in items.items() if pk == reward.pk), None)
    if like is not None and (zone == old_zone or reward.handover != Handover.POST):
        postage, taxable = like.unit_postage, like.unit_taxable
    else:
        postage = postage_to(reward, zone)
        taxable = taxable_of(reward, postage)
    price = like.unit_amount if like else reward.amount
    return PlannedLine(reward, variant, one.quantity, price, postage, taxable, is_new=kept is None)


def _variant(reward: Reward, variant_id: int | None) -> RewardVariant | None:
    offered = [variant for variant in reward.variants.all() if variant.retired_at is None]
    if not offered and variant_id is None:
        return None
    found = next((variant for variant in offered if variant.pk == variant_id), None)
    if found is None:
        raise PledgeRefused("variant", reward)
    return found


def postage_to(reward: Reward, zone: str) -> int:
    """What mailing one costs, in minor units. Raises PledgeRefused where it is not mailed there."""
    price = price_to(reward, zone)
    if price is None:
        raise PledgeRefused("zone", reward)
    return price


def snapshot(pledge: Pledge) -> list[dict[str, object]]:
    """What a contribution is, as a change keeps it: for its mail, and for the receipt of what was paid before it."""
    lines: list[dict[str, object]] = [
        {
            "title_fr": item.title_fr,
            "title_en": item.title_en,
            "variant_fr": item.variant.label_fr if item.variant else "",
            "variant_en": item.variant.label_en if item.variant else "",
            "quantity": item.quantity,
            "total": item.total,
            "postage": item.postage,
        }
        for item in items_of(pledge)
    ]
    return [*lines, {"extra": pledge.extra}] if pledge.extra else lines


def changes_of(pledge: Pledge) -> list[PledgeChange]:
    """Every change asked for, oldest first."""
    return list(pledge.changes.select_related("checkout").order_by("id"))
