"""Each transfer, once all its lines are here, is their sum, and each line is of the amount of our row."""

from collections.abc import Iterator

from django.db.models import F, OuterRef

from pledges.ledger_checks.findings import CHUNK, Fault, Finding, chunks, sum_of
from pledges.models import Dispute, Payment, Payout, PayoutLine, Refund


def check_payouts() -> Iterator[Finding]:
    lines = PayoutLine.objects.filter(payout=OuterRef("pk"))
    read = Payout.objects.exclude(read_at=None).annotate(of_lines=sum_of(lines, "net"))
    for payout in read.exclude(amount=F("of_lines")).order_by("pk").iterator(CHUNK):
        yield Finding(Fault.PAYOUT_SUM, f"payout:{payout.pk}", f"{payout.of_lines}, not {payout.amount}")
    own = PayoutLine.objects.filter(payout__in=Payout.objects.values("pk")).exclude(subject_key="")
    for chunk in chunks(own):
        amounts = _amounts(chunk)
        for line in chunk:
            amount = amounts.get(line.subject_key)
            if amount is None or abs(line.amount) != amount:
                expected = "no such row" if amount is None else f"expected {amount}"
                yield Finding(
                    Fault.PAYOUT_LINE, f"payout:{line.payout_id}", f"{line.subject_key} {line.amount}; {expected}"
                )


def _amounts(lines: list[PayoutLine]) -> dict[str, int]:
    """By subject key; a line of a dispute may be of the amount alone, whichever way it moves."""
    keys = [line.subject_key.partition(":") for line in lines]
    ids = {name: [int(pk) for kind, _c, pk in keys if kind == name and pk.isdigit()] for name in _MODELS}
    return {
        f"{name}:{pk}": amount
        for name, model in _MODELS.items()
        for pk, amount in model.objects.filter(pk__in=ids[name]).values_list("pk", "amount")
    }


#: A transfer that came back is a line of the next one.
_MODELS: dict[str, type[Payment] | type[Refund] | type[Dispute] | type[Payout]] = {
    "payment": Payment,
    "refund": Refund,
    "dispute": Dispute,
    "payout": Payout,
}
