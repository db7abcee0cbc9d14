"""What a ledger group of each kind should hold, from its row alone.

Written apart from pledges.ledger on purpose: a mistake made there is not repeated here. A function gives None where
the row, as it stands, gives rise to no group of that kind.
"""

from collections.abc import Callable, Iterable
from typing import Any

from pledges.enums import (
    DisputeState,
    LedgerAccount,
    LedgerKind,
    PaymentMethod,
    PaymentState,
    PayoutState,
    RefundState,
)
from pledges.models import Dispute, Matching, Payment, Payout, Refund

#: By account and tax; a line of nothing is not written.
Lines = dict[tuple[str, str], int]

SubjectRow = Payment | Refund | Dispute | Payout | Matching


def lines_of(kind: LedgerKind, row: SubjectRow, found: Lines) -> Lines | None:
    """`found` is read for the taxes of a lost dispute only, which check_taxes weighs with the refunds."""
    if kind == LedgerKind.DISPUTE_LOST and isinstance(row, Dispute):
        return _dispute_lost(row, found)
    model, expected = EXPECTED[kind]
    return expected(row) if isinstance(row, model) else None


def text_of(lines: Lines) -> str:
    named = ((f"{account} {tax}".strip(), cents) for (account, tax), cents in sorted(lines.items()))
    return ", ".join(f"{name} {cents}" for name, cents in named) or "nothing"


def was_recorded(refund: Refund) -> bool:
    """It left, whatever became of it later."""
    return refund.state == RefundState.DONE or (refund.state == RefundState.FAILED and refund.done_at is not None)


def _payment(payment: Payment) -> Lines | None:
    if payment.state not in {PaymentState.PAID, PaymentState.BOUNCED}:
        return None
    return _paid(payment)


def _paid(payment: Payment) -> Lines:
    net = payment.amount - payment.commission
    return _lines(
        (_holder(payment), net),
        (LedgerAccount.COMMISSION, payment.commission),
        taxes=[(tax.code, -tax.amount) for tax in payment.taxes.all()],
        rest=-payment.amount,
    )


def _bounce(payment: Payment) -> Lines | None:
    if payment.state != PaymentState.BOUNCED:
        return None
    return {line: -cents for line, cents in _paid(payment).items()}


def _fee(payment: Payment) -> Lines | None:
    if payment.state != PaymentState.PAID or payment.processing_fee is None:
        return None
    fee = payment.processing_fee
    return _lines((LedgerAccount.PROCESSING_FEES, fee), (LedgerAccount.BALANCE, -fee))


def _refund(refund: Refund) -> Lines | None:
    if not was_recorded(refund):
        return None
    return _lines(
        (_holder(refund.payment), refund.commission - refund.amount),
        (LedgerAccount.COMMISSION, -refund.commission),
        taxes=[(tax.code, tax.amount) for tax in refund.taxes.all()],
        rest=refund.amount,
    )


def _refund_failed(refund: Refund) -> Lines | None:
    if refund.state != RefundState.FAILED or refund.done_at is None:
        return None
    return _lines((LedgerAccount.BALANCE, refund.amount), (LedgerAccount.REFUNDS_OWED, -refund.amount))


def _refund_settled(refund: Refund) -> Lines | None:
    if refund.settled_at is None or refund.done_at is None:
        return None
    return _lines((LedgerAccount.REFUNDS_OWED, refund.amount), (LedgerAccount.BANK, -refund.amount))


def _dispute(dispute: Dispute) -> Lines | None:
    if dispute.state not in {DisputeState.OPEN, DisputeState.WON, DisputeState.LOST}:
        return None
    return _lines(
        (LedgerAccount.DISPUTED, dispute.amount),
        (LedgerAccount.DISPUTE_FEES, dispute.fee),
        (LedgerAccount.BALANCE, -(dispute.amount + dispute.fee)),
    )


def _dispute_won(dispute: Dispute) -> Lines | None:
    if dispute.state != DisputeState.WON:
        return None
    return _lines((LedgerAccount.BALANCE, dispute.amount), (LedgerAccount.DISPUTED, -dispute.amount))


def _dispute_lost(dispute: Dispute, found: Lines) -> Lines | None:
    if dispute.state != DisputeState.LOST:
        return None
    taxes = [(tax, cents) for (account, tax), cents in found.items() if account == LedgerAccount.TAXES]
    return _lines((LedgerAccount.DISPUTED, -dispute.amount), taxes=taxes, rest=dispute.amount)


def _matching(matching: Matching) -> Lines | None:
    return _lines((LedgerAccount.BANK, matching.amount), (LedgerAccount.MATCHING, -matching.amount))


def _payout(payout: Payout) -> Lines | None:
    return _lines((LedgerAccount.BANK, payout.amount), (LedgerAccount.BALANCE, -payout.amount))


def _payout_failed(payout: Payout) -> Lines | None:
    if payout.state not in {PayoutState.FAILED, PayoutState.CANCELED}:
        return None
    return _lines((LedgerAccount.BANK, -payout.amount), (LedgerAccount.BALANCE, payout.amount))


def _holder(payment: Payment) -> LedgerAccount:
    return LedgerAccount.BALANCE if payment.method == PaymentMethod.CARD else LedgerAccount.BANK


def _lines(*amounts: tuple[LedgerAccount, int], taxes: Iterable[tuple[str, int]] = (), rest: int = 0) -> Lines:
    """`rest` is taxes and contributions together: what is not a tax is a contribution."""
    lines: Lines = {(account.value, ""): cents for account, cents in amounts}
    of_tax = dict(taxes)
    lines |= {(LedgerAccount.TAXES.value, code): cents for code, cents in of_tax.items()}
    lines[LedgerAccount.CONTRIBUTIONS.value, ""] = rest - sum(of_tax.values())
    return {line: cents for line, cents in lines.items() if cents}


EXPECTED: dict[LedgerKind, tuple[type[SubjectRow], Callable[[Any], Lines | None]]] = {
    LedgerKind.PAYMENT: (Payment, _payment),
    LedgerKind.FEE: (Payment, _fee),
    LedgerKind.BOUNCE: (Payment, _bounce),
    LedgerKind.REFUND: (Refund, _refund),
    LedgerKind.REFUND_FAILED: (Refund, _refund_failed),
    LedgerKind.REFUND_SETTLED: (Refund, _refund_settled),
    LedgerKind.DISPUTE: (Dispute, _dispute),
    LedgerKind.DISPUTE_WON: (Dispute, _dispute_won),
    LedgerKind.DISPUTE_LOST: (Dispute, lambda dispute: _dispute_lost(dispute, {})),
    LedgerKind.MATCHING: (Matching, _matching),
    LedgerKind.PAYOUT: (Payout, _payout),
    LedgerKind.PAYOUT_FAILED: (Payout, _payout_failed),
}
