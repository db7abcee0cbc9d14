"""What was agreed to is the items, their postage and what was added; what was paid is what was agreed to."""

from collections.abc import Iterator

from django.db.models import Exists, F, OuterRef, Q

from pledges import promises
from pledges.enums import ChangeState, DisputeState, PaymentState, RefundReason, RefundState
from pledges.ledger_checks.findings import CHUNK, Fault, Finding, sum_of
from pledges.models import Dispute, Payment, Pledge, PledgeChange, PledgeItem, Refund
from pledges.models.payments import GIVEN_BACK

#: A payment that is asked for, or was made.
STANDS = [PaymentState.DUE, PaymentState.ACTION, PaymentState.MEND, PaymentState.PAID]


def check_pledges() -> Iterator[Finding]:
    yield from _agreed()
    yield from _paid()
    yield from _taxable()
    for pk, month, promised in promises.astray():
        yield Finding(Fault.MONTH, f"item:{pk}", f"{month}, not {promised}")


def _agreed() -> Iterator[Finding]:
    of_items = sum_of(
        PledgeItem.objects.filter(pledge=OuterRef("pk")), F("quantity") * (F("unit_amount") + F("unit_postage"))
    )
    pledges = Pledge.objects.annotate(of_items=of_items).exclude(amount=F("extra") + F("of_items"))
    for pledge in pledges.order_by("pk").iterator(CHUNK):
        yield Finding(Fault.PLEDGE_SUM, f"pledge:{pledge.pk}", f"{pledge.amount}, not {pledge.extra + pledge.of_items}")


def _paid() -> Iterator[Finding]:
    """All parts together, less what a change to a lower amount gave back; other refunds change no pledge.

    Where those, or a dispute, had left less than a change was to give back, it gave back what was left.
    """
    parts = Payment.objects.filter(pledge=OuterRef("pk"), state__in=STANDS)
    lowered = Refund.objects.filter(payment__pledge=OuterRef("pk"), reason=RefundReason.CHANGED).exclude(
        state=RefundState.REJECTED
    )
    others = Refund.objects.filter(GIVEN_BACK | Q(state=RefundState.DUE), payment__pledge=OuterRef("pk"))
    lost = Dispute.objects.filter(payment__pledge=OuterRef("pk"), state=DisputeState.LOST)
    was_lowered = Exists(PledgeChange.objects.filter(pledge=OuterRef("pk"), state=ChangeState.DONE))
    first = Payment.objects.filter(part=0, state__in=STANDS).values("pledge")
    pledges = Pledge.objects.filter(pk__in=first).annotate(
        paid=sum_of(parts, "amount") - sum_of(lowered, "amount"),
        back=sum_of(others.exclude(reason=RefundReason.CHANGED), "amount") + sum_of(lost, "amount"),
        strange=sum_of(parts.exclude(currency=OuterRef("currency")), "amount"),
    )
    given_before = Q(was_lowered, paid__gt=F("amount"), paid__lte=F("amount") + F("back"))
    at_fault = pledges.exclude(Q(paid=F("amount")) | given_before) | pledges.filter(strange__gt=0)
    for pledge in at_fault.order_by("pk").iterator(CHUNK):
        yield Finding(Fault.CHARGED_OTHERWISE, f"pledge:{pledge.pk}", f"{pledge.paid}, pledged {pledge.amount}")


def _taxable() -> Iterator[Finding]:
    """Where nothing was changed later, the one payment is taxed on the items."""
    of_items = sum_of(PledgeItem.objects.filter(pledge=OuterRef("pledge")), F("quantity") * F("unit_taxable"))
    changed = PledgeChange.objects.filter(state=ChangeState.DONE).values("pledge")
    payments = Payment.objects.filter(part=0, state__in=STANDS).exclude(pledge__in=changed)
    for payment in payments.annotate(of_items=of_items).exclude(taxable=F("of_items")).order_by("pk").iterator(CHUNK):
        yield Finding(Fault.TAXABLE, f"payment:{payment.pk}", f"{payment.taxable}, not {payment.of_items}")
