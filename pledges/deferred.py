"""Rewards that were paid for and not handed over at the end of a day: what the books call deferred revenue.

An item is owed from the day its money came until the day it first left (`PledgeItem.left_at`), unless its contribution
ended, bounced or went back whole before. An item that left and came back counts as handed over. Minor units; taxes are
apart, so that what is left is revenue to come.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from campaigns.models import Campaign, Reward
from home.models import Cooperative
from pledges.enums import DisputeState, FulfilmentState, PaymentState, RefundState
from pledges.models import Dispute, Payment, Pledge, PledgeItem, Refund
from pledges.periods import end_of
from pledges.taxes import pro_rata

CHUNK = 1000

LEFT = [FulfilmentState.SENT, FulfilmentState.DELIVERED]


@dataclass
class Owed:
    """One tier: how many are owed, for how much with postage and taxes, and the taxes in it by code."""

    campaign: Campaign
    reward: Reward
    count: int = 0
    gross: int = 0
    taxes: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    @property
    def tax(self) -> int:
        return sum(self.taxes.values())

    @property
    def amount(self) -> int:
        """Without taxes."""
        return self.gross - self.tax


def owed_at(cooperative: Cooperative, on: date) -> list[Owed]:
    """By campaign and tier, at the end of that day where the cooperative is. Memory is that of the tiers."""
    end = end_of(on, cooperative)
    items = _items(cooperative, end)
    price: Any = F("quantity") * (F("unit_amount") + F("unit_postage"))
    sums = items.values("reward_id").annotate(count=Sum("quantity"), gross=Sum(price))
    tiers = {tier: (count, gross) for tier, count, gross in sums.values_list("reward_id", "count", "gross")}
    rewards = Reward.objects.select_related("campaign").in_bulk(tiers)
    found = {tier: Owed(rewards[tier].campaign, rewards[tier], *sums) for tier, sums in tiers.items()}
    for reward_id, taxable, code, cents, base in _taxed(items, end):
        found[reward_id].taxes[code] += pro_rata(cents, min(taxable, base), base)
    return sorted(found.values(), key=lambda line: (-line.campaign.pk, line.reward.position, line.reward.pk))


def _items(cooperative: Cooperative, end: datetime) -> QuerySet[PledgeItem]:
    paid = Payment.objects.filter(part=0, paid_at__lt=end).filter(
        Q(state=PaymentState.PAID) | Q(state=PaymentState.BOUNCED, bounced_at__gte=end)
    )
    # Items that left before the day was kept have the day of their state.
    left = Q(left_at__lt=end) | Q(left_at=None, state__in=LEFT, state_since__lt=end)
    items = PledgeItem.objects.filter(cooperative=cooperative, pledge__in=paid.order_by().values("pledge"))
    standing = items.exclude(state=FulfilmentState.NOT_APPLICABLE).exclude(pledge__ended_at__lt=end).exclude(left)
    return standing.exclude(pledge__in=_gone_back(end)).order_by()


def _taxed(items: QuerySet[PledgeItem], end: datetime) -> Iterator[tuple[int, int, str, int, int]]:
    """Of each item and tax: its reward, what of it is taxable, and over all that was paid by then the tax, and what it
    is in. A later part is taxed on what the earlier ones did not cover.
    """
    tax = "pledge__payments__taxes__"
    made = items.filter(pledge__payments__paid_at__lt=end, **{f"{tax}isnull": False})
    of_item = made.values("pk", "reward_id", "quantity", "unit_taxable", code=F(f"{tax}code"))
    sums = of_item.annotate(cents=Sum(f"{tax}amount"), base=Sum(f"{tax}base"))
    columns = ("reward_id", "quantity", "unit_taxable", "code", "cents", "base")
    for reward_id, quantity, taxable, code, cents, base in sums.values_list(*columns).iterator(CHUNK):
        yield reward_id, quantity * taxable, code, cents, base


def _gone_back(end: datetime) -> QuerySet[Any]:
    """Pledges of which all that was paid by then was refunded by then, or lost in disputes."""
    done = Refund.objects.filter(
        state__in=[RefundState.DONE, RefundState.FAILED], done_at__lt=end, payment__paid_at__lt=end
    )
    lost = Dispute.objects.filter(Q(closed_at=None) | Q(closed_at__lt=end), state=DisputeState.LOST)
    lost = lost.filter(payment__paid_at__lt=end)
    some = Q(pk__in=done.values("payment__pledge")) | Q(pk__in=lost.values("payment__pledge"))
    mine = {"payment__pledge": OuterRef("pk")}
    sums = Pledge.objects.filter(some).annotate(
        paid=_total(Payment.objects.filter(pledge=OuterRef("pk"), paid_at__lt=end)),
        back=_total(done.filter(**mine)),
        lost=_total(lost.filter(**mine)),
    )
    return sums.filter(paid__lte=F("back") + F("lost")).order_by().values("pk")


def _total(rows: QuerySet[Any]) -> Coalesce:
    summed = rows.order_by().annotate(one=Value(1)).values("one").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(summed, output_field=BigIntegerField()), 0)
