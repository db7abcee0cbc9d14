"""Taxes: each is what its own rate gives, and what went back of them is the share of what went back of the payment."""

from collections import defaultdict
from collections.abc import Iterator

from django.db.models import QuerySet

from pledges.enums import DisputeState, LedgerAccount, LedgerKind
from pledges.ledger_checks.expected import was_recorded
from pledges.ledger_checks.findings import Fault, Finding, chunks, half_up
from pledges.models import Dispute, LedgerEntry, Payment

#: Rates are in thousandths of a percent.
WHOLE = 100_000


def check_taxes() -> Iterator[Finding]:
    for chunk in chunks(_with_taxes()):
        of_disputes = _given_back_by_disputes(chunk)
        for payment in chunk:
            yield from _assessed(payment)
            yield from _returned(payment, of_disputes)


def _with_taxes() -> QuerySet[Payment]:
    concerned = Payment.objects.filter(taxes__isnull=False) | Payment.objects.filter(refunds__taxes__isnull=False)
    return (
        Payment.objects.filter(pk__in=concerned.values("pk"))
        .order_by("pk")
        .prefetch_related("taxes", "refunds__taxes", "disputes")
    )


def _given_back_by_disputes(payments: list[Payment]) -> dict[str, dict[str, int]]:
    """By the key of a lost dispute: what its group takes off the taxes payable."""
    keys = [_key(dispute) for payment in payments for dispute in payment.disputes.all()]
    entries = LedgerEntry.objects.filter(
        group__kind=LedgerKind.DISPUTE_LOST, group__subject_key__in=keys, account=LedgerAccount.TAXES
    )
    taken: dict[str, dict[str, int]] = defaultdict(dict)
    for key, code, cents in entries.values_list("group__subject_key", "tax", "amount"):
        taken[key][code] = cents
    return taken


def _key(dispute: Dispute) -> str:
    return f"dispute:{dispute.pk}"


def _assessed(payment: Payment) -> Iterator[Finding]:
    rates = WHOLE + sum(tax.rate for tax in payment.taxes.all())
    for tax in payment.taxes.all():
        expected = (payment.taxable, half_up(payment.taxable * tax.rate, rates))
        if (tax.base, tax.amount) != expected:
            found = f"{tax.code} {tax.amount} of {tax.base}"
            yield Finding(Fault.TAX, f"payment:{payment.pk}", f"{found}; expected {expected[1]} of {expected[0]}")


def _returned(payment: Payment, of_disputes: dict[str, dict[str, int]]) -> Iterator[Finding]:
    """Refunds of nothing but a part give back their share, and refunds of the whole give back the whole."""
    refunds = [refund for refund in payment.refunds.all() if was_recorded(refund)]
    lost = [dispute for dispute in payment.disputes.all() if dispute.state == DisputeState.LOST]
    back: dict[str, int] = defaultdict(int)
    for refund in refunds:
        for tax in refund.taxes.all():
            back[tax.code] += tax.amount
    for dispute in lost:
        for code, cents in of_disputes.get(_key(dispute), {}).items():
            back[code] += cents
    undone = min(payment.amount, sum(one.amount for one in refunds) + sum(one.amount for one in lost))
    share = {tax.code: half_up(tax.amount * undone, payment.amount) for tax in payment.taxes.all()}
    if {code: cents for code, cents in back.items() if cents} != {
        code: cents for code, cents in share.items() if cents
    }:
        yield Finding(Fault.TAX_BACK, f"payment:{payment.pk}", f"{dict(back)}; expected {share}")
