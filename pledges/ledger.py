"""The only writer of the ledger. Append-only: what was recorded wrongly is corrected by another group.

Call inside the transaction that records what came back from the provider. A group already written for the same
subject is not written again: each function returns False then. Amounts in minor units.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from home import clock
from home.inserting import insert_all, insert_new
from pledges import taxes
from pledges.enums import LedgerAccount, LedgerKind, PaymentMethod
from pledges.models import Dispute, LedgerEntry, LedgerGroup, Matching, Payment, Payout, Refund

#: An account, and of taxes payable which tax.
Line = tuple[LedgerAccount, str]
Lines = dict[Line, int]


@dataclass(frozen=True)
class Subject:
    """What a group is about: whose, of which campaign (a transfer has none), and its key (`payment:12`)."""

    cooperative_id: int
    campaign_id: int | None
    key: str
    currency: str


def of_payment(payment: Payment) -> Subject:
    return Subject(payment.cooperative_id, payment.pledge.campaign_id, f"payment:{payment.pk}", payment.currency)


def of_refund(refund: Refund) -> Subject:
    return Subject(refund.cooperative_id, refund.payment.pledge.campaign_id, f"refund:{refund.pk}", refund.currency)


def of_dispute(dispute: Dispute) -> Subject:
    return Subject(
        dispute.cooperative_id, dispute.payment.pledge.campaign_id, f"dispute:{dispute.pk}", dispute.currency
    )


def of_payout(payout: Payout) -> Subject:
    return Subject(payout.cooperative_id, None, f"payout:{payout.pk}", payout.currency)


def of_matching(matching: Matching) -> Subject:
    return Subject(matching.cooperative_id, matching.campaign_id, f"matching:{matching.pk}", matching.currency)


def holder_of(payment: Payment) -> LedgerAccount:
    """Where the money of a payment is: at the provider, or in the cooperative's own hands."""
    return LedgerAccount.BALANCE if payment.method == PaymentMethod.CARD else LedgerAccount.BANK


def record_payment(payment: Payment, at: datetime, *, fee: int | None = None) -> bool:
    """Gross less taxes to contributions, taxes and commission apart, the rest where the money is.

    `fee`: the provider's own, where it is known by now (a group of its own; `record_fee` otherwise).
    """
    groups = {LedgerKind.PAYMENT: payment_lines(payment, taxes.assess(payment, at))}
    if fee is not None:
        groups[LedgerKind.FEE] = fee_lines(fee)
    return LedgerKind.PAYMENT in _write_groups(of_payment(payment), at, groups)


def payment_lines(payment: Payment, of_tax: Mapping[str, int]) -> Lines:
    return {
        (holder_of(payment), ""): payment.amount - payment.commission,
        (LedgerAccount.COMMISSION, ""): payment.commission,
        **_income(-payment.amount, of_tax, sign=-1),
    }


def record_fee(payment: Payment, fee: int, at: datetime) -> bool:
    """The provider's own fee, once it is known."""
    return _write(of_payment(payment), LedgerKind.FEE, at, fee_lines(fee))


def fee_lines(fee: int) -> Lines:
    return {(LedgerAccount.PROCESSING_FEES, ""): fee, (LedgerAccount.BALANCE, ""): -fee}


def record_bounce(payment: Payment, at: datetime) -> bool:
    """A payment received by the cooperative itself was not honoured: all of it is taken back."""
    lines = payment_lines(payment, taxes.assessed(payment))
    return _write(of_payment(payment), LedgerKind.BOUNCE, at, {line: -cents for line, cents in lines.items()})


def record_refund(refund: Refund, at: datetime) -> bool:
    """What went back, taxes and our commission with it pro rata; the provider's fee stays spent."""
    return _write(of_refund(refund), LedgerKind.REFUND, at, refund_lines(refund, taxes.give_back(refund)))


def refund_lines(refund: Refund, of_tax: Mapping[str, int]) -> Lines:
    return {
        (holder_of(refund.payment), ""): refund.commission - refund.amount,
        (LedgerAccount.COMMISSION, ""): -refund.commission,
        **_income(refund.amount, of_tax, sign=1),
    }


def record_refund_failed(refund: Refund, at: datetime) -> bool:
    """The bank sent a refund back: the money is on the balance again, and still owed to the backer."""
    return _write(of_refund(refund), LedgerKind.REFUND_FAILED, at, refund_failed_lines(refund.amount))


def refund_failed_lines(amount: int) -> Lines:
    return {(LedgerAccount.BALANCE, ""): amount, (LedgerAccount.REFUNDS_OWED, ""): -amount}


def record_refund_settled(refund: Refund, at: datetime) -> bool:
    """What was sent back is paid by other means."""
    return _write(of_refund(refund), LedgerKind.REFUND_SETTLED, at, refund_settled_lines(refund.amount))


def refund_settled_lines(amount: int) -> Lines:
    return {(LedgerAccount.REFUNDS_OWED, ""): amount, (LedgerAccount.BANK, ""): -amount}


def record_dispute(dispute: Dispute, at: datetime) -> bool:
    """The bank withdrew the amount, and Stripe took its fee."""
    return _write(of_dispute(dispute), LedgerKind.DISPUTE, at, dispute_lines(dispute))


def dispute_lines(dispute: Dispute) -> Lines:
    return {
        (LedgerAccount.DISPUTED, ""): dispute.amount,
        (LedgerAccount.DISPUTE_FEES, ""): dispute.fee,
        (LedgerAccount.BALANCE, ""): -dispute.amount - dispute.fee,
    }


def record_dispute_won(dispute: Dispute, at: datetime) -> bool:
    """The amount is back; the dispute fee is not."""
    return _write(of_dispute(dispute), LedgerKind.DISPUTE_WON, at, dispute_won_lines(dispute.amount))


def dispute_won_lines(amount: int) -> Lines:
    return {(LedgerAccount.BALANCE, ""): amount, (LedgerAccount.DISPUTED, ""): -amount}


def record_dispute_lost(dispute: Dispute, at: datetime) -> bool:
    """The contribution is undone with its taxes; our commission is kept."""
    lines = dispute_lost_lines(dispute.amount, taxes.lost_with(dispute))
    return _write(of_dispute(dispute), LedgerKind.DISPUTE_LOST, at, lines)


def dispute_lost_lines(amount: int, of_tax: Mapping[str, int]) -> Lines:
    return {(LedgerAccount.DISPUTED, ""): -amount, **_income(amount, of_tax, sign=1)}


def record_matching(matching: Matching, at: datetime) -> bool:
    """Money of a partner, apart from what people gave."""
    return _write(of_matching(matching), LedgerKind.MATCHING, at, matching_lines(matching.amount))


def matching_lines(amount: int) -> Lines:
    return {(LedgerAccount.BANK, ""): amount, (LedgerAccount.MATCHING, ""): -amount}


def record_payout(payout: Payout, at: datetime) -> bool:
    """From the balance to the bank."""
    return _write(of_payout(payout), LedgerKind.PAYOUT, at, payout_lines(payout.amount))


def payout_lines(amount: int) -> Lines:
    return {(LedgerAccount.BANK, ""): amount, (LedgerAccount.BALANCE, ""): -amount}


def record_payout_failed(payout: Payout, at: datetime) -> bool:
    """The bank sent it back."""
    return _write(of_payout(payout), LedgerKind.PAYOUT_FAILED, at, payout_lines(-payout.amount))


def _income(amount: int, of_tax: Mapping[str, int], *, sign: int) -> Lines:
    """An amount as contributions and taxes payable; `sign` is that of what the taxes add to."""
    lines: Lines = {(LedgerAccount.CONTRIBUTIONS, ""): amount - sign * sum(of_tax.values())}
    return lines | {(LedgerAccount.TAXES, code): sign * cents for code, cents in of_tax.items()}


def _write(subject: Subject, kind: LedgerKind, at: datetime, lines: Lines) -> bool:
    return kind in _write_groups(subject, at, {kind: lines})


def _write_groups(subject: Subject, at: datetime, groups: Mapping[LedgerKind, Lines]) -> set[LedgerKind]:
    """Which of them were not written before: one statement for all of them, and one for their entries."""
    for lines in groups.values():
        if sum(lines.values()):
            raise ValueError(f"The lines of {subject.key} do not sum to zero: {lines}")
    written = insert_new([_group(subject, kind, at) for kind in groups], "kind")
    insert_all(
        [
            LedgerEntry(
                cooperative_id=subject.cooperative_id,
                group=group,
                account=account,
                tax=tax,
                amount=cents,
                currency=subject.currency,
            )
            for group in written
            for (account, tax), cents in groups[LedgerKind(group.kind)].items()
            if cents
        ]
    )
    return {LedgerKind(group.kind) for group in written}


def _group(subject: Subject, kind: LedgerKind, at: datetime) -> LedgerGroup:
    return LedgerGroup(
        cooperative_id=subject.cooperative_id,
        campaign_id=subject.campaign_id,
        kind=kind,
        subject_key=subject.key,
        happened_at=at,
        recorded_at=clock.now(),
    )
