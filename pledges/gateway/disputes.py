"""Disputes and early fraud warnings, read back: what moved is in their balance transactions."""

from datetime import UTC, datetime

from pledges.gateway.client import client, on
from pledges.gateway.errors import translated
from pledges.gateway.types import Contested, Warned


def read_dispute(account: str, dispute: str) -> Contested:
    """The dispute as it stands now. Raises Refused or Unavailable."""
    with translated():
        found = client(account).v1.disputes.retrieve(dispute, options=on(account))
    moves = found.balance_transactions
    due_by = found.evidence_details.due_by if found.evidence_details else None
    return Contested(
        id=found.id,
        intent=str(found.payment_intent or ""),
        status=found.status,
        reason=found.reason,
        amount=found.amount,
        currency=found.currency.upper(),
        withdrawn=-sum(move.amount for move in moves if move.amount < 0),
        reinstated=sum(move.amount for move in moves if move.amount > 0),
        fee=sum(move.fee for move in moves if move.amount < 0),
        opened_at=_instant(found.created),
        answer_by=_instant(due_by) if due_by else None,
    )


def read_warning(account: str, warning: str) -> Warned:
    """The early fraud warning as it stands now. Raises Refused or Unavailable."""
    with translated():
        found = client(account).v1.radar.early_fraud_warnings.retrieve(warning, options=on(account))
    return Warned(
        id=found.id,
        intent=str(found.payment_intent or ""),
        kind=found.fraud_type,
        actionable=found.actionable,
        warned_at=_instant(found.created),
    )


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
