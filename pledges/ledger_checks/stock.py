"""What is held and promised of each limited tier is what the pledges hold and promise."""

from collections.abc import Iterator

from django.db.models import OuterRef
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Coalesce

from campaigns.models import Reward, RewardStock
from pledges.enums import ChangeState, PledgeState
from pledges.ledger_checks.findings import CHUNK, Fault, Finding, sum_of
from pledges.models import PledgeChangeItem, PledgeItem


def check_stock() -> Iterator[Finding]:
    """A pledge whose goal was missed keeps its place: nothing of that campaign is on sale any more."""
    promised = _taken([PledgeState.CONFIRMED, PledgeState.GOAL_MISSED])
    own = Reward.objects.values("pk")
    stocks = RewardStock.objects.filter(reward__in=own).annotate(to_hold=_held(), to_promise=promised)
    for stock in stocks.order_by("pk").select_related("reward").iterator(CHUNK):
        subject = f"reward:{stock.pk}"
        if stock.held != stock.to_hold:
            yield Finding(Fault.HELD, subject, f"{stock.held}, not {stock.to_hold}")
        if stock.promised != stock.to_promise:
            yield Finding(Fault.PROMISED, subject, f"{stock.promised}, not {stock.to_promise}")
        if stock.limit != stock.reward.limit:
            yield Finding(Fault.LIMIT, subject, f"{stock.limit}, not {stock.reward.limit}")
    for reward in Reward.objects.filter(stock=None).exclude(limit=None).order_by("pk").iterator(CHUNK):
        yield Finding(Fault.LIMIT, f"reward:{reward.pk}", f"no count, limit {reward.limit}")


def _held() -> CombinedExpression:
    """By pledges to complete, and by changes whose difference is being paid."""
    changing = PledgeChangeItem.objects.filter(reward=OuterRef("pk"), change__state=ChangeState.PENDING)
    return _taken([PledgeState.PENDING]) + sum_of(changing, "held")


def _taken(states: list[PledgeState]) -> Coalesce:
    return sum_of(PledgeItem.objects.filter(reward=OuterRef("pk"), pledge__state__in=states), "quantity")
