"""What a transfer to the bank is made of: payments, fees, commission, refunds and the rest, to the cent."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext, pgettext

from campaigns.models import Campaign
from pledges.models import Payout, PayoutLine

CHUNK = 500


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

    def add(self, line: PayoutLine) -> None:
        self.fees += line.fee - line.commission
        self.commission += line.commission
        what = line.subject_key.partition(":")[0]
        if what == "payment":
            self.payments += line.amount
        elif what == "refund":
            self.refunds -= line.amount
        elif what == "dispute":
            self.disputes -= line.amount
        else:
            self.other += line.amount


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
    sums = Sums()
    for line in payout.lines.iterator(CHUNK):
        sums.add(line)
    return sums


def by_campaign(payout: Payout) -> list[tuple[Campaign | None, Sums]]:
    """By campaign, in the order they were launched; last what is of none."""
    found: dict[int | None, Sums] = {}
    for line in payout.lines.iterator(CHUNK):
        found.setdefault(line.campaign_id, Sums()).add(line)
    campaigns: Iterable[Campaign] = Campaign.objects.filter(pk__in=[pk for pk in found if pk]).order_by("pk")
    rows: list[tuple[Campaign | None, Sums]] = [(campaign, found[campaign.pk]) for campaign in campaigns]
    return rows + ([(None, found[None])] if None in found else [])
