"""What taxes a period holds, campaign by campaign, from the ledger's entries of taxes payable. Minor units."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import BigIntegerField, CharField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Cast, Coalesce, Concat

from campaigns.models import Campaign
from home.languages import text_of
from home.models import Cooperative
from pledges.enums import LedgerAccount, LedgerKind
from pledges.models import LedgerEntry, LedgerGroup, PaymentTax, TaxRate, TaxRegistration
from pledges.periods import Period

#: What takes taxes in (a payment that is not honoured takes them out again); the rest gives them back.
COLLECTS = {LedgerKind.PAYMENT, LedgerKind.BOUNCE}


@dataclass(frozen=True)
class TaxLine:
    """One tax of one campaign: what it was due on (without taxes), what came in, what went back."""

    tax: str
    campaign: Campaign | None
    base: int
    collected: int
    refunded: int
    currency: str

    @property
    def name(self) -> str:
        return tax_name(self.tax)

    @property
    def net(self) -> int:
        return self.collected - self.refunded


@dataclass(frozen=True)
class TaxTotal:
    """One tax over every campaign, with the number it is reported under."""

    tax: str
    name: str
    number: str
    base: int
    collected: int
    refunded: int

    @property
    def net(self) -> int:
        return self.collected - self.refunded


def lines_of(cooperative: Cooperative, period: Period) -> list[TaxLine]:
    """By tax, then campaign. A fixed number of queries."""
    start, end = period.bounds(cooperative)
    entries = LedgerEntry.objects.filter(
        cooperative=cooperative,
        account=LedgerAccount.TAXES,
        group__happened_at__gte=start,
        group__happened_at__lt=end,
    )
    sums = entries.values("tax", "group__campaign", "group__kind", "currency").annotate(total=Sum("amount"))
    collected: dict[tuple[str, int, str], int] = defaultdict(int)
    refunded: dict[tuple[str, int, str], int] = defaultdict(int)
    for row in sums.order_by():
        key = (row["tax"], row["group__campaign"], row["currency"])
        if row["group__kind"] in COLLECTS:
            collected[key] -= row["total"]
        else:
            refunded[key] += row["total"]
    bases = _bases(cooperative, period)
    campaigns = Campaign.objects.in_bulk({campaign for _tax, campaign, _currency in [*collected, *refunded]})
    return [
        TaxLine(tax, campaigns.get(campaign), bases.get((tax, campaign), 0), collected[key], refunded[key], currency)
        for key in sorted(set(collected) | set(refunded))
        for tax, campaign, currency in [key]
    ]


def totals_of(cooperative: Cooperative, lines: list[TaxLine]) -> list[TaxTotal]:
    numbers = dict(
        TaxRegistration.objects.filter(cooperative=cooperative).order_by("starts_on").values_list("code", "number")
    )
    return [
        TaxTotal(
            tax=tax,
            name=tax_name(tax),
            number=numbers.get(tax, ""),
            base=sum(line.base for line in lines if line.tax == tax),
            collected=sum(line.collected for line in lines if line.tax == tax),
            refunded=sum(line.refunded for line in lines if line.tax == tax),
        )
        for tax in sorted({line.tax for line in lines})
    ]


def tax_name(code: str) -> str:
    """As people know it: « TPS », “GST”."""
    return tax_names().get(code, code.upper())


def tax_names() -> dict[str, str]:
    """By code, as the latest rate is called. One query."""
    return {rate.code: text_of(rate, "name") for rate in TaxRate.objects.order_by("starts_on")}


def _bases(cooperative: Cooperative, period: Period) -> dict[tuple[str, int], int]:
    """By tax and campaign: the taxable amounts of the period's payments, without any tax, less those not honoured."""
    found: dict[tuple[str, int], int] = defaultdict(int)
    for kind, sign in ((LedgerKind.PAYMENT, 1), (LedgerKind.BOUNCE, -1)):
        for code, campaign, base in _based(cooperative, period, kind):
            found[code, campaign] += sign * base
    return found


def _based(cooperative: Cooperative, period: Period, kind: LedgerKind) -> Iterator[tuple[str, int, int]]:
    start, end = period.bounds(cooperative)
    groups = LedgerGroup.objects.filter(cooperative=cooperative, kind=kind, happened_at__gte=start, happened_at__lt=end)
    key = Concat(Value("payment:"), Cast("payment_id", CharField()), output_field=CharField())
    rows: QuerySet[PaymentTax] = PaymentTax.objects.filter(payment__cooperative=cooperative)
    of_payment = PaymentTax.objects.filter(payment=OuterRef("payment")).order_by().values("payment")
    all_taxes = Subquery(of_payment.annotate(all=Sum("amount")).values("all"), output_field=BigIntegerField())
    concerned = rows.annotate(key=key, of_all=Coalesce(all_taxes, 0)).filter(key__in=groups.values("subject_key"))
    sums = concerned.order_by().values_list("code", "payment__pledge__campaign")
    for code, campaign, base, taxes in sums.annotate(of_base=Sum("base"), of_taxes=Sum("of_all")):
        yield code, campaign, base - taxes
