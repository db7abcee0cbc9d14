"""What is said at the fields of the tiers and add-ons of a page: two of one name, an early bird after the end, what
is frozen since someone chose it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from wagtail.blocks.list_block import ListBlockValidationError
from wagtail.blocks.stream_block import StreamBlockValidationError
from wagtail.blocks.struct_block import StructBlockValidationError

from campaigns import promised
from campaigns.models.terms import Campaign, Reward

OFFERING = ("reward_tiers", "add_ons")

FieldErrors = dict[str, Exception]


@dataclass
class Checks:
    """`end`: the campaign's last second on the cooperative's clock. `titles`: those that were read so far."""

    rewards: dict[str, Reward]
    people: dict[int, int]
    end: datetime | None
    titles: set[str] = field(default_factory=set)


def body_errors(body: Any, campaign: Campaign | None, end: datetime | None) -> StreamBlockValidationError | None:
    """Every message at its field; None if there is nothing to say."""
    rewards = {str(reward.block_id): reward for reward in _rewards_of(campaign)}
    checks = Checks(rewards, promised.people_by_reward(_frozen(rewards.values())), end)
    offering = [(index, block.value.bound_blocks) for index, block in enumerate(body) if block.block_type in OFFERING]
    shown = {str(child.id) for _index, children in offering for child in children}
    gone = [reward for reward in _frozen(rewards.values()) if str(reward.block_id) not in shown]
    errors: dict[int, Exception] = {}
    for index, children in offering:
        if error := _list_error(children, checks, gone):
            errors[index] = error
        gone = []
    if not errors and not gone:
        return None
    return StreamBlockValidationError(
        block_errors=errors, non_block_errors=[_deleted(reward, checks) for reward in gone] or None
    )


def _rewards_of(campaign: Campaign | None) -> Collection[Reward]:
    return campaign.rewards.select_related("stock") if campaign else []


def _frozen(rewards: Collection[Reward]) -> list[Reward]:
    return [reward for reward in rewards if reward.frozen_at]


def _list_error(children: Any, checks: Checks, gone: list[Reward]) -> ListBlockValidationError | None:
    errors: dict[int, Exception] = {}
    for index, child in enumerate(children):
        if fields := dict(_field_errors(child, checks)):
            errors[index] = StructBlockValidationError(block_errors=fields)
    general = [_deleted(reward, checks) for reward in gone]
    if not errors and not general:
        return None
    return ListBlockValidationError(block_errors=errors, non_block_errors=general or None)


def _field_errors(child: Any, checks: Checks) -> Iterator[tuple[str, Exception]]:
    value = child.value
    title = " ".join((value["title"] or "").split()).casefold()
    if title and title in checks.titles:
        yield "title", ValidationError(_("Another reward or add-on has this title. Choose a different one."))
    checks.titles.add(title)
    yield from _window_errors(value, checks.end)
    yield from _late_errors(value, checks.end)
    if reward := checks.rewards.get(str(child.id)):
        yield from _frozen_errors(value, reward, checks.people.get(reward.pk, 0))
        yield from _limit_errors(value["limit"], reward)


def _window_errors(value: Any, end: datetime | None) -> Iterator[tuple[str, Exception]]:
    if end is None:
        return
    if (opens := value.get("available_from")) and opens >= end:
        yield "available_from", ValidationError(_("The campaign is over by then. Choose an earlier day and time."))
    if (closes := value.get("available_until")) and closes > end and not value.get("sold_late"):
        yield "available_until", ValidationError(_("The campaign ends before that. Choose its last day at the latest."))


def _late_errors(value: Any, end: datetime | None) -> Iterator[tuple[str, Exception]]:
    """A tier that is withdrawn before the end is not there after it."""
    closes = value.get("available_until")
    if value.get("sold_late") and closes and end and closes <= end:
        yield (
            "sold_late",
            ValidationError(_("The early bird ends before the campaign does. Give it a later end, or none.")),
        )


def _frozen_errors(value: Any, reward: Reward, people: int) -> Iterator[tuple[str, Exception]]:
    if not reward.frozen_at:
        return
    if value["amount"] != reward.amount:
        yield "amount", ValidationError(_amount_words(people))
    if (value.get("taxable") or 0) != reward.taxable:
        yield "taxable", ValidationError(_("The taxable part no longer changes: people have chosen this reward."))
    if value["estimated_delivery"] != reward.estimated_delivery:
        yield (
            "estimated_delivery",
            ValidationError(_("The month has been promised since the first contribution. To change it, announce it.")),
        )


def _amount_words(people: int) -> str:
    if people == 0:
        return _(
            "The amount no longer changes: people have chosen this reward. "
            "To offer another amount, retire it and create a new one."
        )
    words = ngettext(
        "The amount no longer changes: %(people)d person has chosen this reward. "
        "To offer another amount, retire it and create a new one.",
        "The amount no longer changes: %(people)d people have chosen this reward. "
        "To offer another amount, retire it and create a new one.",
        people,
    )
    return words % {"people": people}


def _limit_errors(limit: int | None, reward: Reward) -> Iterator[tuple[str, Exception]]:
    stock = getattr(reward, "stock", None)
    taken = stock.held + stock.promised if stock else 0
    if reward.frozen_at and (limit is None) != (reward.limit is None):
        yield "limit", ValidationError(_limit_words(reward))
    elif limit is not None and limit < taken:
        words = ngettext(
            "%(taken)d is already held or promised: the limit cannot be lower.",
            "%(taken)d are already held or promised: the limit cannot be lower.",
            taken,
        )
        yield "limit", ValidationError(words % {"taken": taken})


def _limit_words(reward: Reward) -> str:
    if reward.limit is None:
        return _(
            "A limit can no longer be added: people have chosen this reward. "
            "To offer a limited number, retire it and create a new one."
        )
    return _("The limit can be raised, but no longer removed: people have chosen this reward.")


def _deleted(reward: Reward, checks: Checks) -> ValidationError:
    """The draft still has it: what is refused is saved nowhere."""
    people = checks.people.get(reward.pk, 0)
    if people == 0:
        words = _(
            "“%(reward)s” was chosen before; it cannot be deleted. Reload this page to have it back, and retire it."
        )
        return ValidationError(words % {"reward": reward.title})
    words = ngettext(
        "“%(reward)s” is promised to %(people)d person; it cannot be deleted. "
        "Reload this page to have it back, and retire it: contributions already made remain valid.",
        "“%(reward)s” is promised to %(people)d people; it cannot be deleted. "
        "Reload this page to have it back, and retire it: contributions already made remain valid.",
        people,
    )
    return ValidationError(words % {"reward": reward.title, "people": people})
