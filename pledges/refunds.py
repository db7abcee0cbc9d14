"""Refunds: a row that says what is to go back, the call, and what came of it, once.

What happens when the process dies: before the call, the row is DUE and the tick makes it; after the call, the refund is
looked up by its metadata before it is asked for again, with the same key. A 500 that hides no refund changes the key.
"""

import logging
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import Q

from home import clock, outbox
from home.registry import kind_of
from home.tenancy import across_cooperatives, within
from pledges import gateway, ledger
from pledges.charging import SETTLED_AFTER
from pledges.enums import PaymentMethod, RefundState
from pledges.gateway.refunds import OWN_ROW
from pledges.models import Refund

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)


def make_due() -> int:
    """Make every refund that is due, of every cooperative. Returns how many were handled."""
    handled = 0
    while refund := _claim():
        with within(refund.cooperative):
            _make(refund)
        handled += 1
    return handled


def _claim() -> Refund | None:
    now, token = clock.now(), uuid.uuid4()
    with across_cooperatives():
        free = Refund.objects.filter(
            Q(lease_until=None) | Q(lease_until__lt=now), state=RefundState.DUE, payment__method=PaymentMethod.CARD
        )
        found = free.order_by("id").values_list("id", flat=True).first()
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
            commission=refund.commission,
            metadata=metadata,
        )
    except gateway.Crashed as error:
        log.warning("refund %s: %s", refund.pk, error)
        if clock.now() - refund.created_at > SETTLED_AFTER:
            Refund.objects.filter(pk=refund.pk, state=RefundState.DUE).update(key=uuid.uuid4())
    except gateway.Unavailable as error:
        log.warning("refund %s has no answer yet: %s", refund.pk, error)
    except gateway.Refused:
        log.exception("refund %s was refused", refund.pk)
        Refund.objects.filter(pk=refund.pk, state=RefundState.DUE).update(state=RefundState.FAILED)
    else:
        _record(refund, made)


def _known(refund: Refund) -> str | None:
    """A refund that an earlier call may have made, once its key is forgotten or answers with a 500."""
    if clock.now() - refund.created_at <= SETTLED_AFTER:
        return None
    return gateway.find_refund(refund.cooperative.stripe_account, refund.payment.stripe_intent, str(refund.pk))


def _record(refund: Refund, made: str) -> None:
    with transaction.atomic():
        due = Refund.objects.filter(pk=refund.pk, state=RefundState.DUE)
        if not due.update(state=RefundState.DONE, stripe_refund=made, done_at=clock.now(), lease_token=None):
            return
        ledger.record_refund(refund, clock.now())
        pledge = refund.payment.pledge
        outbox.queue(
            kind_of("refund_made"),
            cooperative=refund.cooperative,
            subject_key=pledge.key,
            occasion=f"refund:{refund.pk}",
            to=pledge.backer,
        )
