"""What treasurers decide about refunds: asked, approved by a second person, turned down, settled by other means.

What Stripe refused (a dispute stood, say) is asked again, or let go.

Every decision is taken under the lock of the payment, so that two people at once never give back more than is left.
A process that dies inside one has decided nothing; after it, the row is there and the tick makes the refund.
"""

import uuid
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from campaigns.emails import members
from home import clock, outbox
from home.mail.registry import kind_of
from home.models import User
from pledges import giving_back, ledger, money_acts, refund_requests
from pledges.enums import (
    ChangeState,
    DisputeState,
    PaymentMethod,
    PaymentState,
    RefundReason,
    RefundState,
    RequestState,
)
from pledges.models import Dispute, Payment, Pledge, Refund, RefundRequest
from pledges.models.payments import GIVEN_BACK
from pledges.refunds import TREASURERS

#: Reasons that a person may give; the others are the machine's.
REASONS = (RefundReason.AGREED, RefundReason.CANCELLED, RefundReason.DUPLICATE, RefundReason.FRAUD)


class Obstacle(StrEnum):
    """Why no refund can be asked for, or decided so."""

    UNPAID = "unpaid"
    OTHER_MEANS = "other_means"
    DISPUTED = "disputed"
    NOTHING_LEFT = "nothing_left"
    TOO_MUCH = "too_much"
    SAME_PERSON = "same_person"
    DECIDED = "decided"
    CHANGING = "changing"


class RefundRefused(Exception):
    """Nothing was written. `obstacle` says why."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.value)
        self.obstacle = obstacle


def left_of(payment: Payment, *, but: Refund | None = None) -> int:
    """What of a payment may still be given back: less what went back, is about to, waits for approval, or was lost.

    `but`: a refund that waits, and is not counted.
    """
    waiting = payment.refunds.filter(state__in=[RefundState.TO_APPROVE, RefundState.DUE])
    waiting = waiting.exclude(pk=but.pk) if but else waiting
    lost = payment.disputes.filter(state=DisputeState.LOST)
    taken = sum(rows.aggregate(total=Sum("amount"))["total"] or 0 for rows in (waiting, _given_back(payment), lost))
    return max(0, payment.amount - taken)


def _given_back(payment: Payment) -> QuerySet[Refund]:
    return payment.refunds.filter(GIVEN_BACK)


def obstacle_of(payment: Payment, *, by_hand: bool = False) -> Obstacle | None:
    """Why nothing of a payment can be given back now; None if something can. `by_hand`: not to its card."""
    if payment.state != PaymentState.PAID:
        return Obstacle.UNPAID
    if not by_hand and payment.method != PaymentMethod.CARD:
        return Obstacle.OTHER_MEANS
    if payment.disputes.filter(state=DisputeState.OPEN).exists():
        return Obstacle.DISPUTED
    return None if left_of(payment) else Obstacle.NOTHING_LEFT


def needs_second_person(payment: Payment, amount: int) -> bool:
    """Above the cooperative's limit, counting what was given back of this payment without a second person."""
    alone = payment.refunds.filter(approved_by=None).exclude(asked_by=None)
    alone = alone.exclude(state__in=[RefundState.REJECTED, RefundState.TO_APPROVE])
    so_far = alone.aggregate(total=Sum("amount"))["total"] or 0
    return bool(so_far + amount > payment.cooperative.second_person_above)


def ask(
    payment: Payment,
    *,
    amount: int,
    reason: str,
    note: str,
    by: User,
    key: uuid.UUID,
    by_hand: bool = False,
    act: str = money_acts.REFUND_ASKED,
) -> Refund:
    """A refund as a treasurer wants it; `key` makes the same form ask once. Raises RefundRefused."""
    key = uuid.uuid5(key, f"payment:{payment.pk}")  # the form of another payment, sent here, is another form
    with transaction.atomic():
        locked = Payment.objects.select_for_update(of=("self",)).select_related("cooperative").get(pk=payment.pk)
        if earlier := locked.refunds.filter(key=key).first():
            return earlier
        if obstacle := obstacle_of(locked, by_hand=by_hand):
            raise RefundRefused(obstacle)
        if not 0 < amount <= left_of(locked):
            raise RefundRefused(Obstacle.TOO_MUCH)
        second = needs_second_person(locked, amount)
        refund = Refund.objects.create(
            cooperative_id=locked.cooperative_id,
            payment=locked,
            state=RefundState.TO_APPROVE if second else RefundState.DUE,
            amount=amount,
            commission=giving_back.commission_of(locked, amount),
            currency=locked.currency,
            reason=reason,
            note=note,
            asked_by=by,
            key=key,
            created_at=clock.now(),
        )
        money_acts.on_refund(act, refund, by, reason=reason, second_person=second)
        if second:
            _tell_others(refund)
        else:
            transaction.on_commit(_nudge)
    return refund


def grant(request: RefundRequest, *, amount: int, answer: str, by: User, key: uuid.UUID) -> Refund:
    """Give back what a backer asked for, or a part of it, of the payment that has most left. Raises RefundRefused.

    The refund and the request that carries it are written together; above the limit, both wait for a second person.
    """
    with transaction.atomic():
        _hold_pledge(items=request.item_id)
        payment, largest = refund_requests.largest_at_once(request)
        if payment is None:
            raise RefundRefused(Obstacle.UNPAID)
        form = uuid.uuid5(key, f"request:{request.pk}")
        if earlier := payment.refunds.filter(key=uuid.uuid5(form, f"payment:{payment.pk}")).first():
            return earlier
        if amount > largest:
            raise RefundRefused(Obstacle.TOO_MUCH if largest else Obstacle.NOTHING_LEFT)
        act = money_acts.REFUND_GRANTED
        refund = ask(
            payment, amount=amount, reason=RefundReason.AGREED, note="", by=by, key=form, by_hand=True, act=act
        )
        if not refund_requests.attach(request, refund, answer, by):
            raise RefundRefused(Obstacle.DECIDED)
    return refund


def _hold_pledge(**which: Any) -> None:
    """Nothing is granted while a change may still be paid: it may give the reward up. Raises RefundRefused."""
    pledge = Pledge.objects.select_for_update().get(**which)
    if pledge.changes.filter(state=ChangeState.PENDING).exists():
        raise RefundRefused(Obstacle.CHANGING)


def _tell_others(refund: Refund) -> None:
    outbox.queue_all(
        outbox.mail_for(
            kind_of("refund_to_approve"),
            cooperative=refund.cooperative,
            subject_key=f"refund:{refund.pk}",
            to=reader,
        )
        for reader in members(refund.cooperative, *TREASURERS)
        if reader.pk != refund.asked_by_id
    )


def _nudge() -> None:
    from pledges.tasks import make_refunds  # noqa: PLC0415 (tasks import this module)

    make_refunds.enqueue()


def approve(refund: Refund, by: User) -> None:
    """The second person agrees: the refund is made, and the request it answers is granted. Raises RefundRefused."""
    with transaction.atomic():
        if RefundRequest.objects.filter(refund=refund).exists():
            _hold_pledge(payments=refund.payment_id)
        _decide(refund, by, RefundState.DUE)
        money_acts.on_refund(money_acts.REFUND_APPROVED, refund, by)
        refund_requests.follow(refund)
        transaction.on_commit(_nudge)


def reject(refund: Refund, by: User) -> None:
    """The second person does not agree: what it held is free again, and a request it answered is open again.

    Raises RefundRefused.
    """
    with transaction.atomic():
        _decide(refund, by, RefundState.REJECTED)
        money_acts.on_refund(money_acts.REFUND_REJECTED, refund, by)


def _decide(refund: Refund, by: User, state: RefundState) -> None:
    payment = Payment.objects.select_for_update().get(pk=refund.payment_id)
    if refund.asked_by_id == by.pk:
        raise RefundRefused(Obstacle.SAME_PERSON)
    if state == RefundState.DUE and payment.disputes.filter(state=DisputeState.OPEN).exists():
        raise RefundRefused(Obstacle.DISPUTED)
    waiting = Refund.objects.filter(pk=refund.pk, state=RefundState.TO_APPROVE)
    if state == RefundState.DUE and waiting.exists() and left_of(payment, but=refund) < refund.amount:
        raise RefundRefused(Obstacle.TOO_MUCH)  # some went back meanwhile by another way
    if not waiting.update(state=state, approved_by=by, approved_at=clock.now()):
        raise RefundRefused(Obstacle.DECIDED)


def settle_otherwise(refund: Refund, by: User) -> None:
    """What the bank sent back was paid by cheque or transfer. Raises RefundRefused."""
    with transaction.atomic():
        Payment.objects.select_for_update().get(pk=refund.payment_id)
        owed = Refund.objects.filter(pk=refund.pk, state=RefundState.FAILED, settled_at=None).exclude(done_at=None)
        now = clock.now()
        if not owed.update(settled_at=now, settled_by=by):
            raise RefundRefused(Obstacle.DECIDED)
        refund.refresh_from_db()
        ledger.record_refund_settled(refund, now)
        money_acts.on_refund(money_acts.REFUND_SETTLED, refund, by)


#: Refused by the provider: nothing has moved, and its money may be owed all the same.
REFUSED = Q(state=RefundState.FAILED, done_at=None)


def to_ask_again(refunds: QuerySet[Refund]) -> QuerySet[Refund]:
    """Those that were refused and could be made now: no dispute stands, and something of their payment is left."""
    of_payment = {"payment": OuterRef("payment")}
    taken = GIVEN_BACK | Q(state__in=[RefundState.TO_APPROVE, RefundState.DUE])
    gone = _sum(Refund.objects.filter(taken, **of_payment))
    lost = _sum(Dispute.objects.filter(state=DisputeState.LOST, **of_payment))
    contested = Exists(Dispute.objects.filter(state=DisputeState.OPEN, **of_payment))
    return refunds.filter(REFUSED, ~contested, payment__amount__gt=gone + lost)


def _sum(rows: QuerySet[Any]) -> Coalesce:
    summed = rows.order_by().annotate(one=Value(1)).values("one").annotate(total=Sum("amount")).values("total")
    return Coalesce(Subquery(summed, output_field=IntegerField()), 0)


def ask_again(refund: Refund, by: User) -> None:
    """What was refused is to be made after all, or what is left of it, by another key. Raises RefundRefused."""
    with transaction.atomic():
        Pledge.objects.select_for_update().get(payments=refund.payment_id)
        if not refund_requests.may_be_made_after_all(refund):
            raise RefundRefused(Obstacle.DECIDED)
        payment = (
            Payment.objects.select_for_update(of=("self",)).select_related("cooperative").get(pk=refund.payment_id)
        )
        if obstacle := obstacle_of(payment):
            raise RefundRefused(obstacle)
        amount = min(refund.amount, left_of(payment))
        refused = Refund.objects.filter(REFUSED, pk=refund.pk)
        asked = refused.update(
            state=RefundState.DUE,
            amount=amount,
            commission=giving_back.commission_of(payment, amount),
            key=uuid.uuid4(),
            lease_token=None,
            lease_until=None,
            failed_at=None,
            failure="",
        )
        if not asked:
            raise RefundRefused(Obstacle.DECIDED)
        money_acts.on_refund(money_acts.REFUND_AGAIN, Refund.objects.get(pk=refund.pk), by)
        transaction.on_commit(_nudge)


def _for_the_team(refund: Refund) -> QuerySet[Refund]:
    """It, if it was refused and someone of the team asked for it by themselves.

    What a backer is owed, having cancelled or lowered, is not for the team; what they were granted is answered again
    where it was granted (refund_requests.decline), so that they are told.
    """
    rows = Refund.objects.filter(REFUSED, pk=refund.pk).exclude(asked_by=None)
    return rows.exclude(request__state=RequestState.GRANTED)


def may_let_go(refund: Refund) -> bool:
    return _for_the_team(refund).exists()


def let_go(refund: Refund, by: User) -> None:
    """What was refused is not to be made after all. Raises RefundRefused."""
    with transaction.atomic():
        Payment.objects.select_for_update().get(pk=refund.payment_id)
        if not _for_the_team(refund).update(state=RefundState.REJECTED, approved_by=by, approved_at=clock.now()):
            raise RefundRefused(Obstacle.DECIDED)
        money_acts.on_refund(money_acts.REFUND_LET_GO, refund, by)
