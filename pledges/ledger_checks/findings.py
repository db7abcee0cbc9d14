"""What can be wrong, and how rows are read to find it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Expression, IntegerField, Model, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

CHUNK = 500

Row = TypeVar("Row", bound=Model)


class Fault(StrEnum):
    """What can be wrong."""

    UNBALANCED = "the entries do not sum to zero"
    STRANGER = "the group or an entry belongs to another cooperative, campaign or currency than its row"
    NO_ROW = "the group stands for a row that is not there, or not in that state"
    WRONG_AMOUNT = "the entries are not those of the row"
    NO_PAYMENT_GROUP = "the payment is paid and has no group"
    NO_FEE_GROUP = "the processing fee is known and has no group"
    NO_BOUNCE_GROUP = "the payment was not honoured and has no group that takes it back"
    NO_REFUND_GROUP = "the refund is done and has no group"
    NO_REFUND_FAILED_GROUP = "the refund was sent back and has no group that says so"
    NO_REFUND_SETTLED_GROUP = "the refund was paid by other means and has no group that says so"
    NO_DISPUTE_GROUP = "the dispute withdrew money and has no group"
    NO_DISPUTE_END_GROUP = "the dispute is over and has no group that ends it"
    NO_MATCHING_GROUP = "the matching money was received and has no group"
    NO_PAYOUT_GROUP = "the transfer arrived and has no group"
    NO_PAYOUT_FAILED_GROUP = "the transfer came back and has no group that says so"
    OVER_REFUNDED = "more was given back, or is about to be, than was paid"
    OVER_RETURNED = "more commission goes back than was taken"
    MISSED_CHARGED = "the goal was missed, and a card was charged"
    MISSED_KEPT = "the goal was missed, and what came by other means is neither given back nor marked as owed"
    TAX = "a tax of the payment is not what its rate gives"
    TAX_BACK = "the taxes given back are not the share of what went back"
    TAXABLE = "the taxable part is not that of the items"
    PLEDGE_SUM = "the amount is not that of the items and what was added"
    CHARGED_OTHERWISE = "the payments are not of the amount of their pledge"
    COLLECTED = "the ledger and the payments give two totals"
    PLEDGED = "the total frozen at the deadline is not that of the pledges"
    UNITS = "the units frozen at the deadline are not those of the pledges"
    MONTH = "the month of the reward is not that of its latest promise"
    TALLY = "what was tallied is not what the rows say"
    PAYOUT_SUM = "the lines of the transfer do not sum to its amount"
    PAYOUT_LINE = "a line of the transfer is not of the amount of its row"
    HELD = "the stock held is not that of the pledges to complete"
    PROMISED = "the stock promised is not that of the pledges that stand"
    LIMIT = "the stock counts up to another limit than the tier's, or does not count"


@dataclass(frozen=True)
class Finding:
    """`subject` names the row (`payment:12`); `detail` says what was found and what was expected."""

    fault: Fault
    subject: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.subject}: {self.fault.value}" + (f" ({self.detail})" if self.detail else "")


def chunks(rows: QuerySet[Row]) -> Iterator[list[Row]]:
    """Lists of a few hundred rows, by ascending key, so that prefetching works and memory stays flat."""
    stream: Iterable[Row] = rows.order_by("pk").iterator(CHUNK)
    rest = iter(stream)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk


def total(rows: QuerySet[Any], what: str = "amount") -> int:
    return rows.aggregate(total=Coalesce(Sum(what), 0))["total"]


def sum_of(rows: QuerySet[Any], what: Expression | Combinable | str) -> Coalesce:
    """The sum as a subquery, so that the outer rows are not multiplied."""
    summed = rows.order_by().annotate(one=Value(1)).values("one").annotate(summed=Sum(what)).values("summed")
    return Coalesce(Subquery(summed, output_field=IntegerField()), 0)


def half_up(part: int, whole: int) -> int:
    """The quotient of two whole numbers, rounded half up."""
    quotient, rest = divmod(part, whole)
    return quotient + (2 * rest >= whole)
