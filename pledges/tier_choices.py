"""The tiers of the form: a quantity for each, or for each of its variants, and what was chosen of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from campaigns.models import Reward, RewardVariant
from pledges import postage
from pledges.choosing import ChosenReward
from pledges.templatetags.pledge_tags import Stock


def quantity_name(reward: Reward, variant: RewardVariant | None = None) -> str:
    """The name of a field; of a tier with variants, each has its own."""
    return f"quantity_{reward.pk}_{variant.pk}" if variant else f"quantity_{reward.pk}"


@dataclass(frozen=True)
class Row:
    """What one quantity counts: a tier, or one of its variants."""

    reward: Reward
    variant: RewardVariant | None = None

    @property
    def name(self) -> str:
        return quantity_name(self.reward, self.variant)

    @property
    def is_retired(self) -> bool:
        """The variant is, whatever becomes of its tier."""
        return self.variant is not None and self.variant.retired_at is not None


def rows_of(reward: Reward, data: Mapping[str, str]) -> list[Row]:
    """In page order. A retired variant has a row only where it was chosen. Reads `variants`, which may be prefetched.

    A tier without variants, or whose variants are all retired, has a single row.
    """
    variants = list(reward.variants.all())
    rows = [Row(reward, one) for one in variants if one.retired_at is None]
    if not rows:
        rows = [Row(reward)]
    gone = [Row(reward, one) for one in variants if one.retired_at is not None]
    return rows + [row for row in gone if was_asked_for(data, row.name)]


def was_asked_for(data: Mapping[str, str], name: str) -> bool:
    return data.get(name, "0").strip() not in ("", "0")


def was_chosen(data: Mapping[str, str], reward: Reward) -> bool:
    """Whether what was posted asks for some of this tier, in any of its forms."""
    names = [quantity_name(reward)] + [quantity_name(reward, variant) for variant in reward.variants.all()]
    return any(was_asked_for(data, name) for name in names)


def left_of(reward: Reward) -> int | None:
    """How many of a tier may be taken now; None without limit."""
    return None if reward.limit is None else reward.stock.left


def quantity_field(reward: Reward) -> forms.IntegerField:
    left = left_of(reward)
    limits = {} if left is None else {"max": str(left)}
    widget = forms.NumberInput(attrs=limits | {"inputmode": "numeric", "class": "input input--short"})
    return forms.IntegerField(label=_("Quantity"), required=False, min_value=0, initial=0, widget=widget)


@dataclass(frozen=True)
class RowChoice:
    """One quantity of a tier; `label` is the variant's, empty where there is none."""

    label: str
    field: BoundField


@dataclass(frozen=True)
class TierChoice:
    """One tier of the form, with the fields of its quantities."""

    reward: Reward
    rows: list[RowChoice]
    month: date
    is_offered: bool

    @property
    def has_moved(self) -> bool:
        return self.month != self.reward.estimated_delivery

    @property
    def stock(self) -> Stock | None:
        return None if self.reward.limit is None else Stock(self.reward.stock.left, self.reward.stock.held)

    @property
    def may_be_chosen(self) -> bool:
        """One that is gone keeps its fields where someone must take it back from their choice."""
        gone = not self.is_offered or left_of(self.reward) == 0
        return not gone or any(row.field.errors for row in self.rows)

    @property
    def has_variants(self) -> bool:
        return any(row.label for row in self.rows)


@dataclass(frozen=True)
class Chosen:
    """A tier or a variant taken, as the review page shows it. Amounts in minor units; `unit_postage` of one."""

    row: Row
    quantity: int
    month: date
    unit_postage: int
    price_changed: bool
    postage_changed: bool

    @property
    def reward(self) -> Reward:
        return self.row.reward

    @property
    def title(self) -> str:
        return f"{self.reward.title}, {self.row.variant}" if self.row.variant else self.reward.title

    @property
    def total(self) -> int:
        """Without postage."""
        return self.quantity * self.reward.amount

    @property
    def postage(self) -> int:
        return self.quantity * self.unit_postage

    @property
    def taxable(self) -> int:
        return self.quantity * postage.taxable_of(self.reward, self.unit_postage)

    @property
    def has_moved(self) -> bool:
        return self.month != self.reward.estimated_delivery

    def as_chosen(self) -> ChosenReward:
        variant = self.row.variant
        return ChosenReward(
            self.reward.pk, self.quantity, self.reward.amount, self.unit_postage, variant.pk if variant else None
        )

    def seen(self) -> Iterator[tuple[str, str]]:
        """The prices shown, as the page posts them again."""
        yield f"price_{self.reward.pk}", str(self.reward.amount)
        if postage.prices_of(self.reward):
            yield f"postage_{self.reward.pk}", str(self.unit_postage)
