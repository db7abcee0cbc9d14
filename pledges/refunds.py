"""Refunds: a row that says what is to go back, the call, and what came of it, once.

A refund is DONE, and in the ledger, as soon as Stripe has moved the balance for it, whether the bank has it yet or not;
one that the bank sends back later is FAILED, and owed. What of our commission came back is read from the balance
transaction, never computed. One made elsewhere (Stripe's dashboard) gets a row when it is heard of.

What happens when the process dies: before the call, the row is DUE and the tick makes it; after the call, the refund is
looked up by its metadata before it is asked for again, with the same key, and an event that comes first records it.
A 500 that hides no refund changes the key. While a cooperative's account is disconnected nothing is tried there; what
is due stays due, is shown, and is made once the account is connected again.
"""

import logging
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from campaigns.emails import members
from home import clock, leases, outbox
from home.mail.registry import kind_of
from home.models import Role
from home.tenancy import across_cooperatives, within
from pledges import gateway, ledger
from pledges.charging import SETTLED_AFTER
from pledges.enums import PaymentMethod, RefundReason, RefundState
from pledges.gateway import MadeRefund
from pledges.gateway.refunds import OWN_ROW
from pledges.models import Payment, Refund

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)

#: Who decides about money.
TREASURERS = (Role.TREASURER, Role.OWNER)

#: A row whose refund is not known to stand at Stripe: waiting, or refused without having been made.
NOT_MADE = Q(state=RefundState.DUE) | Q(state=RefundState.FAILED, done_at=None)


def make_due() -> int:
    """Make every refund that is due, of every cooperative. Returns how many were handled."""
    handled = 0
    while refund := _claim():
        with within(refund.cooperative):
            _make(refund)
        handled += 1
    return handled


def makeable() -> Q:
    """By card, on an account that we reach: with one whose owner disconnected it, a refund stays due and waits."""
    return Q(payment__method=PaymentMethod.CARD, cooperative__disconnected_at=None)


def waits_for_account(refund: Refund) -> bool:
    """Due, and not made before the cooperative's account is connected again."""
    by_card = refund.payment.method == PaymentMethod.CARD
    return by_card and refund.state == RefundState.DUE and refund.cooperative.disconnected_at is not None


def _claim() -> Refund | None:
    now, token = clock.now(), uuid.uuid4()
    with across_cooperatives():
        free = Refund.objects.filter(leases.free("lease_until", now, LEASE), state=RefundState.DUE)
        found = free.filter(makeable()).order_by("id").values_list("id", flat=True).first()
        # Of its own columns alone: PostgreSQL does not look again into a subquery (a join's) of a row that was taken.
        if found is None or not free.filter(pk=found).update(lease_token=token, lease_until=now + LEASE):
            return None
        rows = Refund.objects.select_related("cooperative__site", "payment__pledge__backer")
        return rows.get(lease_token=token)


def _make(refund: Refund) -> None:
    account, payment = refund.cooperative.stripe_account, refund.payment
    metadata = {OWN_ROW: str(refund.pk), "tremplin_payment": str(payment.pk)}
    try:
        made = _known(refund) or gateway.refund(
            account,
            str(refund.key),
            intent=payment.stripe_intent,
            amount=refund.amount,
            with_commission=payment.commission > 0,
            metadata=metadata,
        )
        record(refund, made)
    except gateway.Crashed as error:
        log.warning("refund %s: %s", refund.pk, error)
        if clock.now() - refund.created_at > SETTLED_AFTER:
            Refund.objects.filter(pk=refund.pk, state=RefundState.DUE).update(key=uuid.uuid4())
    except gateway.Unavailable as error:
        log.warning("refund %s has no answer yet: %s", refund.pk, error)
    except gateway.Refused as error:
        log.error("refund %s was refused: %s", refund.pk, error)
        _refuse(refund, error)


def _known(refund: Refund) -> MadeRefund | None:
    """A refund that an earlier call may have made, once its key is forgotten or answers with a 500."""
    if clock.now() - refund.created_at <= SETTLED_AFTER:
        return None
    return gateway.find_refund(refund.cooperative.stripe_account, refund.payment.stripe_intent, str(refund.pk))


def _refuse(refund: Refund, error: gateway.Refused) -> None:
    """Stripe will not make it: nothing moved and nothing is owed by it."""
    with transaction.atomic():
        due = Refund.objects.filter(pk=refund.pk, state=RefundState.DUE)
        failed = due.update(state=RefundState.FAILED, failed_at=clock.now(), failure=(error.code or "refused")[:60])
        if failed:
            _tell_treasurers(refund, "refused")


def record(refund: Refund, made: MadeRefund) -> None:
    """What Stripe has of it, in one transaction. Raises Unavailable while the balance has not moved for it."""
    if not made.moved:
        raise gateway.Unavailable(f"The balance has not moved yet for refund {made.id}.")
    with transaction.atomic():
        # The payment first, as in `follow`, which may hold it: its taxes are weighed under its lock.
        Payment.objects.select_for_update().get(pk=refund.payment_id)
        row = Refund.objects.select_for_update(of=("self",)).select_related("payment__pledge__backer").get(pk=refund.pk)
        if Refund.objects.filter(NOT_MADE, pk=row.pk).exists():
            _record_done(row, made)
        if made.has_failed and row.state == RefundState.DONE:
            _record_failed(row, made)
    refund.refresh_from_db()


def _record_done(refund: Refund, made: MadeRefund) -> None:
    if (made.amount, made.currency) != (refund.amount, refund.currency):
        raise ValueError(f"Refund {refund.pk} is of {refund.amount}, and {made.amount} went back.")
    refund.state, refund.stripe_refund, refund.commission = RefundState.DONE, made.id, made.commission
    refund.done_at, refund.failed_at, refund.failure = clock.now(), None, ""
    refund.lease_token = refund.lease_until = None
    refund.save()
    ledger.record_refund(refund, refund.done_at)
    pledge = refund.payment.pledge
    outbox.queue(
        kind_of("refund_made"),
        cooperative=refund.cooperative,
        subject_key=pledge.key,
        occasion=f"refund:{refund.pk}",
        to=pledge.backer,
    )


def _record_failed(refund: Refund, made: MadeRefund) -> None:
    """The bank sent it back: the money is on the balance again, and owed to the backer."""
    refund.state, refund.failed_at, refund.failure = RefundState.FAILED, clock.now(), made.failure[:60]
    refund.save(update_fields=["state", "failed_at", "failure"])
    ledger.record_refund_failed(refund, refund.failed_at)
    _tell_treasurers(refund, "bounced")


def follow_all(payment: Payment) -> None:
    """Every refund that Stripe has of a payment, also those made elsewhere. Raises Refused or Unavailable."""
    for made in gateway.refunds_of(payment.cooperative.stripe_account, payment.stripe_intent):
        follow(payment, made)


def follow(payment: Payment, made: MadeRefund) -> None:
    """One refund as Stripe has it, ours or another's. Any number of times. Raises Unavailable."""
    with transaction.atomic():
        Payment.objects.select_for_update().get(pk=payment.pk)
        record(_row_of(payment, made), made)


def _row_of(payment: Payment, made: MadeRefund) -> Refund:
    rows = payment.refunds.select_related("payment__pledge__backer", "cooperative__site")
    found = rows.filter(stripe_refund=made.id).first()
    if found is None and made.row.isdecimal():
        found = rows.filter(NOT_MADE, pk=made.row).first()
    return found or Refund.objects.create(
        cooperative_id=payment.cooperative_id,
        payment=payment,
        state=RefundState.DUE,
        amount=made.amount,
        commission=made.commission,
        currency=made.currency,
        reason=RefundReason.OUTSIDE,
        created_at=clock.now(),
    )


def _tell_treasurers(refund: Refund, occasion: str) -> None:
    outbox.queue_all(
        outbox.mail_for(
            kind_of("refund_bounced"),
            cooperative=refund.cooperative,
            subject_key=f"refund:{refund.pk}",
            occasion=occasion,
            to=reader,
        )
        for reader in members(refund.cooperative, *TREASURERS)
    )
