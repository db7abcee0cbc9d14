"""The taxes contained in what backers pay: prices include them, rates with their dates are rows.

Written with what they belong to, inside its transaction: `assess` with a payment, `give_back` with a refund. All
amounts in minor units; a part is rounded half up to a cent.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, Sum

from home.models import Cooperative
from pledges.enums import LedgerAccount, LedgerKind
from pledges.models import (
    Dispute,
    LedgerEntry,
    Payment,
    PaymentTax,
    PledgeItem,
    Refund,
    RefundTax,
    TaxRate,
    TaxRegistration,
)

#: Rates are in thousandths of a percent.
WHOLE = 100_000


@dataclass(frozen=True)
class Levied:
    """A tax that a cooperative collects on a day: its rate in thousandths of a percent and its number."""

    code: str
    number: str
    rate: int


def levied_by(cooperative: Cooperative, on: date) -> list[Levied]:
    """What a cooperative collects that day, by code. Two queries."""
    standing = Q(starts_on__lte=on) & (Q(ends_on=None) | Q(ends_on__gte=on))
    numbers = {one.code: one.number for one in TaxRegistration.objects.filter(standing, cooperative=cooperative)}
    rates = TaxRate.objects.filter(standing, code__in=numbers).order_by("code")
    return [Levied(rate.code, numbers[rate.code], rate.rate) for rate in rates]


def parts_of(base: int, taxes: Iterable[Levied]) -> dict[str, int]:
    """What of a taxable amount, taxes included, is each tax."""
    levied = list(taxes)
    whole = WHOLE + sum(tax.rate for tax in levied)
    return {tax.code: (2 * base * tax.rate + whole) // (2 * whole) for tax in levied}


def taxable_part(items: Iterable[PledgeItem]) -> int:
    """What of some items, their postage included, taxes are due on."""
    return sum(item.taxable for item in items)


def assess(payment: Payment, at: datetime) -> dict[str, int]:
    """Write what of a payment is each tax, once, by the rates of the day in the cooperative's time zone."""
    if not payment.taxable:
        return {}
    if known := assessed(payment):
        return known
    levied = levied_by(payment.cooperative, at.astimezone(ZoneInfo(payment.cooperative.time_zone)).date())
    parts = parts_of(payment.taxable, levied)
    PaymentTax.objects.bulk_create(
        PaymentTax(
            payment=payment,
            code=tax.code,
            number=tax.number,
            rate=tax.rate,
            base=payment.taxable,
            amount=parts[tax.code],
        )
        for tax in levied
    )
    return parts


def assessed(payment: Payment) -> dict[str, int]:
    """What of a payment was found to be each tax when it was recorded; nothing is written."""
    return dict(payment.taxes.values_list("code", "amount"))


def give_back(refund: Refund) -> dict[str, int]:
    """Write what of a refund is each tax, once: pro rata, so that refunds of the whole give back the whole."""
    with transaction.atomic():
        payment = _locked(refund.payment)
        known = dict(refund.taxes.values_list("code", "amount"))
        if known:
            return known
        parts = share_of(payment, refund.amount)
        RefundTax.objects.bulk_create(
            RefundTax(refund=refund, code=code, amount=cents) for code, cents in parts.items()
        )
    return parts


def lost_with(dispute: Dispute) -> dict[str, int]:
    """What of a lost dispute is each tax, after what went back before it. The ledger keeps it; nothing is written."""
    with transaction.atomic():
        return share_of(_locked(dispute.payment), dispute.amount)


def _locked(payment: Payment) -> Payment:
    """Two refunds of one payment are weighed one after the other."""
    return Payment.objects.select_for_update(of=("self",), no_key=True).get(pk=payment.pk)


def share_of(payment: Payment, amount: int) -> dict[str, int]:
    """What of the next `amount` to go back is each tax: the share of all so far, less what went back already.

    Nothing is written. What has not given back its taxes yet counts for nothing.
    """
    refunds = payment.refunds.filter(taxes__isnull=False).distinct()
    lost = LedgerEntry.objects.filter(
        group__kind=LedgerKind.DISPUTE_LOST,
        group__subject_key__in=[f"dispute:{pk}" for pk in payment.disputes.values_list("pk", flat=True)],
    )
    before = (refunds.aggregate(total=Sum("amount"))["total"] or 0) + sum(
        -cents for cents in lost.filter(account=LedgerAccount.DISPUTED).values_list("amount", flat=True)
    )
    given = Counter(dict(lost.filter(account=LedgerAccount.TAXES).values_list("tax").annotate(total=Sum("amount"))))
    for code, cents in RefundTax.objects.filter(refund__payment=payment).values_list("code", "amount"):
        given[code] += cents
    after = min(payment.amount, before + amount)
    return {tax.code: pro_rata(tax.amount, after, payment.amount) - given[tax.code] for tax in payment.taxes.all()}


def pro_rata(part: int, of: int, whole: int) -> int:
    """The share of `part` that `of` is of `whole`, rounded half up."""
    return (2 * part * of + whole) // (2 * whole)
