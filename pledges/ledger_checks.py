"""Whether the ledger, the rows it was written from, the totals and the stock still agree.

Every check reads in the scope it is called in and yields what is at fault; memory does not grow with the number of
rows. Amounts in minor units.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Count, F, IntegerField, Model, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from campaigns.models import Campaign, Reward, RewardStock
from pledges.enums import LedgerAccount, LedgerKind, PaymentState, PledgeState, RefundState
from pledges.models import LedgerEntry, LedgerGroup, Payment, Pledge, PledgeItem, Refund

CHUNK = 500

Row = TypeVar("Row", bound=Model)
Lines = dict[str, int]


class Fault(StrEnum):
    """What can be wrong."""

    UNBALANCED = "the entries do not sum to zero"
    STRANGER = "the group or an entry belongs to another cooperative, campaign or currency than its row"
    NO_ROW = "the group stands for a row that is not there, or not in that state"
    NO_PAYMENT_GROUP = "the payment is paid and has no group"
    NO_FEE_GROUP = "the processing fee is known and has no group"
    NO_REFUND_GROUP = "the refund is done and has no group"
    WRONG_AMOUNT = "the entries are not those of the row"
    OVER_REFUNDED = "more was given back than was paid"
    MISSED_CHARGED = "the goal was missed, and money was taken"
    PLEDGE_SUM = "the amount is not that of the items and what was added"
    CHARGED_OTHERWISE = "the payment is not of the amount of its pledge"
    COLLECTED = "the ledger and the payments give two totals"
    PLEDGED = "the total frozen at the deadline is not that of the pledges"
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


def all_findings() -> Iterator[Finding]:
    """Everything at fault, as it is found."""
    yield from check_groups()
    yield from check_payments()
    yield from check_refunds()
    yield from check_pledges()
    yield from check_campaigns()
    yield from check_stock()


def check_groups() -> Iterator[Finding]:
    """Each group balances, belongs where its row does, and stands for a row that is in the right state."""
    groups = LedgerGroup.objects.select_related("campaign")
    for chunk in _chunks(groups.order_by("pk")):
        rows, entries = _rows_of(chunk), _entries_of(chunk)
        for group in chunk:
            yield from _group_findings(group, entries[group.pk], rows.get(group.subject_key))


def _rows_of(groups: list[LedgerGroup]) -> dict[str, Payment | Refund]:
    """The payments and refunds that groups stand for, by subject key."""
    payments = Payment.objects.select_related("pledge").in_bulk(_ids(groups, "payment"))
    refunds = Refund.objects.select_related("payment__pledge").in_bulk(_ids(groups, "refund"))
    return {f"payment:{pk}": row for pk, row in payments.items()} | {f"refund:{pk}": row for pk, row in refunds.items()}


def _ids(groups: list[LedgerGroup], prefix: str) -> list[int]:
    keys = (group.subject_key.partition(":") for group in groups)
    return [int(number) for name, _colon, number in keys if name == prefix and number.isascii() and number.isdigit()]


def _entries_of(groups: Iterable[LedgerGroup]) -> dict[int, list[LedgerEntry]]:
    by_group = defaultdict(list)
    for entry in LedgerEntry.objects.filter(group__in=groups).order_by("pk"):
        by_group[entry.group_id].append(entry)
    return by_group


def _group_findings(group: LedgerGroup, entries: list[LedgerEntry], row: Payment | Refund | None) -> Iterator[Finding]:
    subject = f"ledger group {group.pk} ({group.kind} {group.subject_key})"
    if total := sum(entry.amount for entry in entries):
        yield Finding(Fault.UNBALANCED, subject, f"off by {total}")
    if row is None or not _stands(group, row):
        yield Finding(Fault.NO_ROW, subject)
        return
    pledge = row.pledge if isinstance(row, Payment) else row.payment.pledge
    owner = (pledge.cooperative_id, pledge.campaign_id, pledge.cooperative_id)
    of_campaign = group.campaign.cooperative_id if group.campaign else None
    strange = (group.cooperative_id, group.campaign_id, of_campaign) != owner
    if strange or any((e.cooperative_id, e.currency) != (owner[0], row.currency) for e in entries):
        yield Finding(Fault.STRANGER, subject)


def _stands(group: LedgerGroup, row: Payment | Refund) -> bool:
    """Whether this row gives rise to a group of this kind."""
    if isinstance(row, Refund):
        return group.kind == LedgerKind.REFUND and row.state == RefundState.DONE
    if group.kind == LedgerKind.FEE:
        return row.state == PaymentState.PAID and row.processing_fee is not None
    return group.kind == LedgerKind.PAYMENT and row.state == PaymentState.PAID


def check_payments() -> Iterator[Finding]:
    """Each paid payment has its group with its amounts, and its fee's group once the fee is known."""
    paid = Payment.objects.filter(state=PaymentState.PAID).select_related("pledge")
    for chunk in _chunks(paid.order_by("pk")):
        subjects = [f"payment:{payment.pk}" for payment in chunk]
        lines, fees = _written(LedgerKind.PAYMENT, subjects), _written(LedgerKind.FEE, subjects)
        for payment, subject in zip(chunk, subjects, strict=True):
            yield from _compared(subject, _payment_lines(payment), lines.get(subject), Fault.NO_PAYMENT_GROUP)
            if payment.processing_fee is not None:
                expected = _fee_lines(payment.processing_fee)
                yield from _compared(subject, expected, fees.get(subject), Fault.NO_FEE_GROUP)
            if (payment.amount, payment.currency) != (payment.pledge.amount, payment.pledge.currency):
                yield Finding(Fault.CHARGED_OTHERWISE, subject, f"{payment.amount}, pledged {payment.pledge.amount}")


def check_refunds() -> Iterator[Finding]:
    """Each refund done has its group with its amounts, and no payment gave back more than it took."""
    done = Refund.objects.filter(state=RefundState.DONE)
    for chunk in _chunks(done.order_by("pk")):
        subjects = [f"refund:{refund.pk}" for refund in chunk]
        lines = _written(LedgerKind.REFUND, subjects)
        for refund, subject in zip(chunk, subjects, strict=True):
            yield from _compared(subject, _refund_lines(refund), lines.get(subject), Fault.NO_REFUND_GROUP)
    given_back = Sum("refunds__amount", filter=Q(refunds__state=RefundState.DONE))
    too_much = Payment.objects.annotate(given_back=given_back).filter(given_back__gt=F("amount"))
    for payment in too_much.iterator(CHUNK):
        yield Finding(Fault.OVER_REFUNDED, f"payment:{payment.pk}", f"{payment.given_back} of {payment.amount}")


def _written(kind: LedgerKind, subjects: list[str]) -> dict[str, Lines]:
    groups = list(LedgerGroup.objects.filter(kind=kind, subject_key__in=subjects))
    entries = _entries_of(groups)
    return {group.subject_key: {e.account: e.amount for e in entries[group.pk]} for group in groups}


def _compared(subject: str, expected: Lines, found: Lines | None, missing: Fault) -> Iterator[Finding]:
    if found is None:
        yield Finding(missing, subject)
    elif found != expected:
        yield Finding(Fault.WRONG_AMOUNT, subject, f"{_text(found)}; expected {_text(expected)}")


def _payment_lines(payment: Payment) -> Lines:
    net = payment.amount - payment.commission
    return _lines(BALANCE=net, COMMISSION=payment.commission, CONTRIBUTIONS=-payment.amount)


def _fee_lines(fee: int) -> Lines:
    return _lines(PROCESSING_FEES=fee, BALANCE=-fee)


def _refund_lines(refund: Refund) -> Lines:
    back = refund.commission - refund.amount
    return _lines(CONTRIBUTIONS=refund.amount, COMMISSION=-refund.commission, BALANCE=back)


def _lines(**amounts: int) -> Lines:
    """By account; a line of nothing is not written."""
    return {LedgerAccount[name].value: cents for name, cents in amounts.items() if cents}


def _text(lines: Lines) -> str:
    return ", ".join(f"{account} {cents}" for account, cents in sorted(lines.items())) or "nothing"


def check_pledges() -> Iterator[Finding]:
    """What was agreed to is the items and what was added."""
    of_items = _sum_of_items(
        PledgeItem.objects.filter(pledge=OuterRef("pk")), F("quantity") * (F("unit_amount") + F("unit_postage"))
    )
    pledges = Pledge.objects.annotate(of_items=of_items).exclude(amount=F("extra") + F("of_items"))
    for pledge in pledges.order_by("pk").iterator(CHUNK):
        yield Finding(Fault.PLEDGE_SUM, f"pledge:{pledge.pk}", f"{pledge.amount}, not {pledge.extra + pledge.of_items}")


def check_campaigns() -> Iterator[Finding]:
    """Campaign by campaign: nothing taken where the goal was missed, and the totals as the ledger has them."""
    for campaign in Campaign.objects.order_by("pk").iterator(CHUNK):
        subject = f"campaign:{campaign.pk}"
        ledger = _total(LedgerEntry.objects.filter(group__campaign=campaign, account=LedgerAccount.CONTRIBUTIONS))
        paid = _total(Payment.objects.filter(pledge__campaign=campaign, state=PaymentState.PAID))
        back = _total(Refund.objects.filter(payment__pledge__campaign=campaign, state=RefundState.DONE))
        if -ledger != paid - back:
            yield Finding(Fault.COLLECTED, subject, f"{-ledger} in the ledger, {paid - back} by payments")
        if campaign.is_missed:
            yield from _missed(campaign, subject)
        yield from _frozen_total(campaign, subject)


def _missed(campaign: Campaign, subject: str) -> Iterator[Finding]:
    payments = Payment.objects.filter(pledge__campaign=campaign).count()
    groups = LedgerGroup.objects.filter(campaign=campaign).count()
    if payments or groups:
        yield Finding(Fault.MISSED_CHARGED, subject, f"{payments} payments, {groups} ledger groups")


def _frozen_total(campaign: Campaign, subject: str) -> Iterator[Finding]:
    """Pledges that stood at the deadline stand still, or ended after it."""
    if campaign.pledged_at_deadline is None:
        return
    stood = [PledgeState.CONFIRMED, PledgeState.GOAL_MISSED, PledgeState.DROPPED]
    pledges = Pledge.objects.filter(campaign=campaign, state__in=stood)
    found = pledges.aggregate(total=Coalesce(Sum("amount"), 0), backers=Count("backer", distinct=True))
    frozen = {"total": campaign.pledged_at_deadline, "backers": campaign.backers_at_deadline}
    if found != frozen:
        yield Finding(Fault.PLEDGED, subject, f"frozen {frozen}, found {found}")


def _total(rows: QuerySet[Any]) -> int:
    return rows.aggregate(total=Coalesce(Sum("amount"), 0))["total"]


def check_stock() -> Iterator[Finding]:
    """What is held and promised of each limited tier is what the pledges hold and promise.

    A pledge whose goal was missed keeps its place: nothing of that campaign is on sale any more.
    """
    held = _taken([PledgeState.PENDING])
    promised = _taken([PledgeState.CONFIRMED, PledgeState.GOAL_MISSED])
    own = Reward.objects.values("pk")
    stocks = RewardStock.objects.filter(reward__in=own).annotate(to_hold=held, to_promise=promised)
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


def _taken(states: list[PledgeState]) -> Coalesce:
    return _sum_of_items(PledgeItem.objects.filter(reward=OuterRef("pk"), pledge__state__in=states), F("quantity"))


def _sum_of_items(items: QuerySet[PledgeItem], what: Any) -> Coalesce:
    """The sum as a subquery, so that the outer rows are not multiplied."""
    summed = items.order_by().annotate(one=Value(1)).values("one").annotate(summed=Sum(what)).values("summed")
    return Coalesce(Subquery(summed, output_field=IntegerField()), 0)


def _chunks(rows: QuerySet[Row]) -> Iterator[list[Row]]:
    """Lists of a few hundred rows, read by ascending key, so that prefetching works and memory stays flat."""
    stream: Iterable[Row] = rows.iterator(CHUNK)
    rest = iter(stream)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
