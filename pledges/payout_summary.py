"""What a transfer to the bank is made of: payments, fees, commission, refunds and the rest, to the cent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, QuerySet, Sum, Value, When
from django.utils.translation import gettext, pgettext

from campaigns.models import Campaign
from pledges.models import Payout, PayoutLine

#: What a movement may be about, as `PayoutLine.subject_key` begins; anything else is another movement.
ABOUT = ("payment", "refund", "dispute")


@dataclass
class Sums:
    """Minor units. `total` is `payments - refunds - fees - commission - disputes + other`, and the sum of the nets.

    `commission` is what was kept less what came back with refunds; `other` is what is not about a contribution.
    """

    payments: int = 0
    refunds: int = 0
    fees: int = 0
    commission: int = 0
    disputes: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        return self.payments - self.refunds - self.fees - self.commission - self.disputes + self.other

    def add(self, what: str, *, amount: int, fee: int, commission: int) -> None:
        """Movements of one kind (`payment`, `refund`…), together."""
        self.fees += fee - commission
        self.commission += commission
        if what == "payment":
            self.payments += amount
        elif what == "refund":
            self.refunds -= amount
        elif what == "dispute":
            self.disputes -= amount
        else:
            self.other += amount


@dataclass(frozen=True)
class SumRow:
    """One line of a sum, as it is read: `sign` before an amount of minor units."""

    sign: str
    amount: int
    label: str


def rows_of(sums: Sums) -> Iterator[SumRow]:
    """The sum, line by line, ending with what it makes; what there is seldom is left out where there is none."""
    yield SumRow("+", sums.payments, gettext("Payments"))
    yield SumRow("−", sums.refunds, gettext("Refunds"))
    yield SumRow("−", sums.fees, gettext("Processing fees"))
    yield SumRow("−", sums.commission, gettext("Commission"))
    if sums.disputes:
        yield SumRow("−", sums.disputes, gettext("Disputes"))
    if sums.other:
        yield SumRow("+", sums.other, pgettext("movements", "Other"))
    yield SumRow("=", sums.total, gettext("Transferred"))


def sums_of(payout: Payout) -> Sums:
    """All of it."""
    return whole_of(by_campaign(payout))


def whole_of(campaigns: Iterable[tuple[Campaign | None, Sums]]) -> Sums:
    """What its campaigns make together."""
    whole = Sums()
    for _campaign, one in campaigns:
        for name, amount in vars(one).items():
            setattr(whole, name, getattr(whole, name) + amount)
    return whole


def by_campaign(payout: Payout) -> list[tuple[Campaign | None, Sums]]:
    """By campaign, in the order they were launched; last what is of none. Summed by the database, in one query."""
    found: dict[int | None, Sums] = {}
    for campaign_id, what, amount, fee, commission in _summed(payout.lines.order_by()):
        found.setdefault(campaign_id, Sums()).add(what, amount=amount, fee=fee, commission=commission)
    campaigns: Iterable[Campaign] = Campaign.objects.filter(pk__in=[pk for pk in found if pk]).order_by("pk")
    rows: list[tuple[Campaign | None, Sums]] = [(campaign, found[campaign.pk]) for campaign in campaigns]
    return rows + ([(None, found[None])] if None in found else [])


def _summed(lines: QuerySet[PayoutLine]) -> QuerySet[Any, Any]:
    """(campaign, what it is about, amount, fee, commission)."""
    what = Case(
        *(When(subject_key__startswith=f"{one}:", then=Value(one)) for one in ABOUT),
        default=Value(""),
        output_field=CharField(),
    )
    grouped = lines.annotate(what=what).values("campaign_id", "what")
    sums = {f"of_{name}": Sum(name) for name in ("amount", "fee", "commission")}
    return grouped.annotate(**sums).values_list("campaign_id", "what", *sums)
