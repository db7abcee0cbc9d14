"""The receipt of one payment, as values: what was paid for, taxes apart, what was given back.

A payment made before a change is for what the contribution was then, which the change keeps; the difference of a
change shows what it became, less what was paid already. Amounts in minor units of `currency`.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from home import formats
from home.languages import current
from pledges.change_plans import snapshot
from pledges.change_words import new_lines
from pledges.enums import ChangeState, PaymentMethod, PaymentState, RefundState
from pledges.models import Payment, Pledge, PledgeChange, TaxRate


@dataclass(frozen=True)
class ReceiptLine:
    label: str
    amount: int


@dataclass(frozen=True)
class ReceiptTax:
    """`label`: « TPS (5 %) »; `number` is the cooperative's."""

    label: str
    number: str
    amount: int


@dataclass(frozen=True)
class Receipt:
    """`total` is what was paid; taxes are contained in it. `is_invoice`: for a business, which is named."""

    payment: Payment
    pledge: Pledge
    number: str
    lines: list[ReceiptLine]
    taxes: list[ReceiptTax]
    refunds: list[ReceiptLine]
    total: int
    currency: str
    paid_at: datetime | None
    method: str

    @property
    def is_invoice(self) -> bool:
        return bool(self.pledge.company_name)

    @property
    def title(self) -> str:
        return gettext("Invoice") if self.is_invoice else gettext("Receipt")

    @property
    def kept(self) -> int:
        """What of the total was not given back."""
        return self.total - sum(line.amount for line in self.refunds)


def receipts_of(pledge: Pledge) -> list[Payment]:
    """Payments that have one, oldest first."""
    return list(pledge.payments.filter(state=PaymentState.PAID).order_by("part"))


def number_of(payment: Payment) -> str:
    """The same for ever: the cooperative's short name and the payment's row."""
    return f"{payment.cooperative.slug.upper()}-{payment.pk:06}"


def receipt_of(payment: Payment) -> Receipt:
    """In the language that is active."""
    pledge = payment.pledge
    return Receipt(
        payment=payment,
        pledge=pledge,
        number=number_of(payment),
        lines=_lines(payment),
        taxes=taxes_in(payment),
        refunds=_refunds(payment),
        total=payment.amount,
        currency=payment.currency,
        paid_at=payment.paid_at,
        method=_method(payment),
    )


def taxes_in(payment: Payment) -> list[ReceiptTax]:
    """Each tax contained in a payment, with its rate and the cooperative's number."""
    names = {rate.code: rate.name for rate in TaxRate.objects.order_by("starts_on")}
    return [
        ReceiptTax(
            f"{names.get(tax.code, tax.code)} ({formats.thousandths(tax.rate)})",
            tax.number,
            tax.amount,
        )
        for tax in payment.taxes.order_by("id")
    ]


def _lines(payment: Payment) -> list[ReceiptLine]:
    changes = list(payment.pledge.changes.filter(state=ChangeState.DONE).order_by("ended_at", "id"))
    if payment.part:
        change = next((one for one in changes if one.checkout_id and one.ended_at and _is_of(one, payment)), None)
        return _difference(change, payment) if change else [ReceiptLine(gettext("Contribution"), payment.amount)]
    later = [one for one in changes if payment.paid_at and one.ended_at and one.ended_at >= payment.paid_at]
    return _of_entries(later[0].old_items if later else snapshot(payment.pledge))


def _is_of(change: PledgeChange, payment: Payment) -> bool:
    """The payment of a change is written with it, in the order of the changes that were paid."""
    paid = payment.pledge.changes.filter(state=ChangeState.DONE, checkout__isnull=False, id__lte=change.pk).count()
    return paid == payment.part


def _difference(change: PledgeChange, payment: Payment) -> list[ReceiptLine]:
    became = " · ".join(new_lines(change))
    return [ReceiptLine(became, change.amount), ReceiptLine(gettext("Paid before"), payment.amount - change.amount)]


def _of_entries(entries: list[dict[str, object]]) -> list[ReceiptLine]:
    lines, postage = [], 0
    for entry in entries:
        if "extra" in entry:
            lines.append(ReceiptLine(gettext("Contribution without reward"), _cents(entry["extra"])))
            continue
        title, variant = str(entry[f"title_{current()}"]), str(entry.get(f"variant_{current()}") or "")
        named = f"{title} ({variant})" if variant else title
        lines.append(ReceiptLine(f"{named}, {formats.number(_cents(entry['quantity']))}", _cents(entry["total"])))
        postage += _cents(entry["postage"])
    return [*lines, ReceiptLine(gettext("Postage"), postage)] if postage else lines


def _cents(value: object) -> int:
    return value if isinstance(value, int) else 0


def _refunds(payment: Payment) -> list[ReceiptLine]:
    zone = payment.cooperative.time_zone
    done = payment.refunds.filter(state=RefundState.DONE).order_by("id")
    words = gettext("Refunded on %(date)s")
    return [
        ReceiptLine(words % {"date": formats.local_day(one.done_at or one.created_at, zone)}, one.amount)
        for one in done
    ]


def _method(payment: Payment) -> str:
    last4 = payment.pledge.card_last4
    if payment.method == PaymentMethod.CARD and last4:
        return gettext("Card ending in %(last4)s") % {"last4": last4}
    return str(payment.get_method_display())
