"""The taxes contained in what backers pay: prices include them, rates with their dates are rows.

Written with what they belong to, inside its transaction: `assess` with a payment, `give_back` with a refund. All
amounts in minor units; a part is rounded half up to a cent.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Q, Sum

from home.models import Cooperative
from pledges.models import Payment, PaymentTax, PledgeItem, Refund, RefundTax, TaxRate, TaxRegistration

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
    known = dict(payment.taxes.values_list("code", "amount"))
    if known or not payment.taxable:
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


def give_back(refund: Refund) -> dict[str, int]:
    """Write what of a refund is each tax, once: pro rata, so that refunds of the whole give back the whole."""
    known = dict(refund.taxes.values_list("code", "amount"))
    if known:
        return known
    payment = refund.payment
    others = payment.refunds.exclude(pk=refund.pk).filter(taxes__isnull=False).distinct()
    before = others.aggregate(total=Sum("amount"))["total"] or 0
    earlier = RefundTax.objects.filter(refund__payment=payment).values("code").annotate(total=Sum("amount"))
    given = {row["code"]: row["total"] for row in earlier}
    after = min(payment.amount, before + refund.amount)
    parts = {
        tax.code: pro_rata(tax.amount, after, payment.amount) - given.get(tax.code, 0) for tax in payment.taxes.all()
    }
    RefundTax.objects.bulk_create(RefundTax(refund=refund, code=code, amount=cents) for code, cents in parts.items())
    return parts


def share_of(payment: Payment, amount: int) -> dict[str, int]:
    """What of a part of a payment is each tax; nothing is written."""
    return {tax.code: pro_rata(tax.amount, amount, payment.amount) for tax in payment.taxes.all()}


def pro_rata(part: int, of: int, whole: int) -> int:
    """The share of `part` that `of` is of `whole`, rounded half up."""
    return (2 * part * of + whole) // (2 * whole)
