"""Rewards that were paid for and not handed over at the end of a day: what the books call deferred revenue.

An item is owed from the day its money came until the day it first left (`PledgeItem.left_at`), unless its contribution
ended, bounced or went back whole before. An item that left and came back counts as handed over. Minor units; taxes are
apart, so that what is left is revenue to come.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice

from django.db.models import Prefetch, Q

from campaigns.models import Campaign, Reward
from home.models import Cooperative
from pledges.enums import DisputeState, FulfilmentState, PaymentState, RefundState
from pledges.models import Dispute, Payment, PledgeItem, Refund
from pledges.periods import end_of
from pledges.taxes import pro_rata

CHUNK = 500

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
    found: dict[int, Owed] = {}
    for item in _items(cooperative, end):
        payments = _made(item, end)
        if _went_back(payments, end):
            continue
        line = found.setdefault(item.reward_id, Owed(item.reward.campaign, item.reward))
        line.count += item.quantity
        line.gross += item.total + item.postage
        for code, (cents, base) in _taxes_in(payments).items():
            line.taxes[code] += pro_rata(cents, min(item.taxable, base), base)
    return sorted(found.values(), key=lambda line: (-line.campaign.pk, line.reward.position, line.reward.pk))


def _items(cooperative: Cooperative, end: datetime) -> Iterator[PledgeItem]:
    paid = Payment.objects.filter(part=0, paid_at__lt=end).filter(
        Q(state=PaymentState.PAID) | Q(state=PaymentState.BOUNCED, bounced_at__gte=end)
    )
    # Items that left before the day was kept have the day of their state.
    left = Q(left_at__lt=end) | Q(left_at=None, state__in=LEFT, state_since__lt=end)
    items = (
        PledgeItem.objects.filter(cooperative=cooperative, pledge__in=paid.values("pledge"))
        .exclude(state=FulfilmentState.NOT_APPLICABLE)
        .exclude(pledge__ended_at__lt=end)
        .exclude(left)
        .select_related("reward__campaign", "pledge")
        .prefetch_related(
            Prefetch(
                "pledge__payments", Payment.objects.order_by("part").prefetch_related("taxes", "refunds", "disputes")
            )
        )
    )
    stream = iter(items.order_by("pk").iterator(CHUNK))
    while chunk := list(islice(stream, CHUNK)):
        yield from chunk


def _made(item: PledgeItem, end: datetime) -> list[Payment]:
    """What was paid by then, in all its parts."""
    return [row for row in item.pledge.payments.all() if row.paid_at is not None and row.paid_at < end]


def _taxes_in(payments: list[Payment]) -> dict[str, tuple[int, int]]:
    """By code: the tax, and what it is in. A later part is taxed on what the earlier ones did not cover."""
    found: dict[str, tuple[int, int]] = {}
    for tax in (tax for payment in payments for tax in payment.taxes.all()):
        cents, base = found.get(tax.code, (0, 0))
        found[tax.code] = cents + tax.amount, base + tax.base
    return found


def _went_back(payments: list[Payment], end: datetime) -> bool:
    """The whole contribution was refunded by then, or lost in disputes."""
    back = sum(refund.amount for payment in payments for refund in payment.refunds.all() if _is_done(refund, end))
    lost = sum(one.amount for payment in payments for one in payment.disputes.all() if _is_lost(one, end))
    return back + lost >= sum(payment.amount for payment in payments)


def _is_lost(dispute: Dispute, end: datetime) -> bool:
    return dispute.state == DisputeState.LOST and (dispute.closed_at is None or dispute.closed_at < end)


def _is_done(refund: Refund, end: datetime) -> bool:
    done = refund.state in {RefundState.DONE, RefundState.FAILED}
    return done and refund.done_at is not None and refund.done_at < end
