"""The state machine of a dispute: an inquiry, then perhaps open, then won or lost. And early warnings of fraud.

The dispute is read back from Stripe each time, so that events may come in any order and any number of times: what is
recorded only moves on. A state that moves money is reached once its balance transaction is there: OPEN when the amount
was withdrawn, WON when it came back. A dispute lost undoes the contribution; our commission is kept.

A process that dies inside `follow` has written nothing; the event stays, and is handled again.
"""

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from campaigns.emails import members
from home import clock, outbox
from home.mail.registry import kind_of
from pledges import ledger
from pledges.enums import DisputeState
from pledges.gateway import Contested, Warned
from pledges.models import Dispute, FraudWarning, Payment
from pledges.refunds import TREASURERS

#: Stripe's reasons, in words; one that is not here reads as the general one.
REASONS = {
    "credit_not_processed": _("A refund was promised and did not come."),
    "duplicate": _("The backer says that this was paid twice."),
    "fraudulent": _("The backer says that they did not make this payment."),
    "product_not_received": _("The backer says that nothing was received."),
    "product_unacceptable": _("The backer says that what was received is not what was promised."),
    "subscription_canceled": _("The backer says that this was cancelled."),
    "unrecognized": _("The backer does not recognize this payment."),
}
GENERAL = _("The bank gives no precise reason.")

#: How far each state is: a dispute never goes back. An inquiry that was closed may still be taken up.
RANKS = {
    DisputeState.INQUIRY: 0,
    DisputeState.INQUIRY_CLOSED: 1,
    DisputeState.OPEN: 2,
    DisputeState.WON: 3,
    DisputeState.LOST: 3,
}

CLOSED = (DisputeState.INQUIRY_CLOSED, DisputeState.WON, DisputeState.LOST)

#: The bank has not decided.
STANDING = (DisputeState.INQUIRY, DisputeState.OPEN)


def state_of(found: Contested) -> DisputeState:
    """What Stripe's status and the money moved come to."""
    if found.status == "lost" and found.withdrawn:
        return DisputeState.LOST
    if found.status == "won" and found.reinstated:
        return DisputeState.WON
    if found.withdrawn:
        return DisputeState.OPEN
    return DisputeState.INQUIRY_CLOSED if found.status in ("warning_closed", "prevented") else DisputeState.INQUIRY


def reason_words(reason: str) -> str:
    """Why a payment is contested, as a person reads it."""
    return str(REASONS.get(reason, GENERAL))


def follow(payment: Payment, found: Contested) -> Dispute:
    """Record how far a dispute is, with what moved, in one transaction."""
    state = state_of(found)
    with transaction.atomic():
        Payment.objects.select_for_update().get(pk=payment.pk)
        dispute, is_new = Dispute.objects.get_or_create(
            stripe_dispute=found.id,
            defaults={
                "cooperative_id": payment.cooperative_id,
                "payment": payment,
                "state": state,
                "reason": found.reason[:60],
                "amount": found.amount,
                "currency": found.currency,
                "opened_at": found.opened_at,
            },
        )
        if is_new or RANKS[state] > RANKS[DisputeState(dispute.state)]:
            _move(dispute, state, found, is_new=is_new)
    return dispute


def _move(dispute: Dispute, state: DisputeState, found: Contested, *, is_new: bool) -> None:
    was_open = not is_new and dispute.state == DisputeState.OPEN
    dispute.state, dispute.answer_by = state, found.answer_by
    if found.withdrawn:
        dispute.amount, dispute.fee = found.withdrawn, found.fee
    dispute.closed_at = clock.now() if state in CLOSED else None
    dispute.save()
    _record_money(dispute)
    if state in CLOSED:
        _tell(dispute, "dispute_closed", state)
    elif not was_open:
        _tell(dispute, "dispute_opened", state)


def _record_money(dispute: Dispute) -> None:
    if dispute.state not in (DisputeState.OPEN, DisputeState.WON, DisputeState.LOST):
        return
    ledger.record_dispute(dispute, clock.now())
    if dispute.state == DisputeState.WON:
        ledger.record_dispute_won(dispute, clock.now())
    elif dispute.state == DisputeState.LOST:
        ledger.record_dispute_lost(dispute, clock.now())


def _tell(dispute: Dispute, kind: str, occasion: str) -> None:
    outbox.queue_all(
        outbox.mail_for(
            kind_of(kind),
            cooperative=dispute.cooperative,
            subject_key=f"dispute:{dispute.pk}",
            occasion=occasion,
            to=reader,
        )
        for reader in members(dispute.cooperative, *TREASURERS)
    )


def heed(payment: Payment, found: Warned) -> FraudWarning:
    """Keep an early warning of fraud; treasurers are told of a new one while a refund may still avoid a dispute."""
    with transaction.atomic():
        warning, is_new = FraudWarning.objects.update_or_create(
            stripe_warning=found.id,
            defaults={"actionable": found.actionable},
            create_defaults={
                "cooperative_id": payment.cooperative_id,
                "payment": payment,
                "kind": found.kind[:60],
                "actionable": found.actionable,
                "warned_at": found.warned_at,
            },
        )
        if is_new and found.actionable:
            outbox.queue_all(
                outbox.mail_for(
                    kind_of("fraud_warning"),
                    cooperative=warning.cooperative,
                    subject_key=f"warning:{warning.pk}",
                    to=reader,
                )
                for reader in members(warning.cooperative, *TREASURERS)
            )
    return warning
