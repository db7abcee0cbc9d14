"""The state machine of a backer's request for one reward's money back: asked, then granted, not granted or withdrawn.

An open request may carry a refund that waits for a second person: it is granted once that one approves. Not approved
(or made way for another refund), it is open as before and due on the same day, and someone answers it again: its backer
was told nothing in between.

What became of a granted refund follows from the refund's own state, and is kept nowhere else. One that the provider
refused, or that the bank sent back, is a treasurer's again (`unpaid`): made after all, paid by other means, or, where
nothing went back, answered without a refund. Until then the reward stays given up, and its backer reads how it stands.

Asking is done under the lock of the pledge, answering by conditional update in the transaction that writes the refund
(pledges.refund_decisions). A process that dies in one of them has done nothing.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from campaigns.emails import members
from home import audit, clock, outbox
from home.mail.registry import kind_of
from home.models import Cooperative, User
from pledges import giving_back, money_acts
from pledges.enums import PaymentState, PledgeState, RefundState, RequestState
from pledges.fulfilment import today_in
from pledges.models import Payment, Pledge, PledgeItem, Refund, RefundRequest
from pledges.refunds import TREASURERS
from pledges.taxes import pro_rata

#: A backer is answered within these.
ANSWERED_WITHIN = timedelta(days=10)

#: Of a request: its refund gives nothing back, and will not.
DEAD = Q(refund__state=RefundState.REJECTED) | Q(refund__state=RefundState.FAILED, refund__done_at=None)

#: Open, and nobody's answer waits for a second person.
TO_ANSWER = Q(state=RequestState.ASKED) & (Q(refund=None) | DEAD)

#: Granted, and nothing went back: the provider refused the refund.
NOT_MADE = Q(state=RequestState.GRANTED) & DEAD

#: Granted, and the bank sent it back: owed, and not paid by other means yet.
SENT_BACK = Q(state=RequestState.GRANTED, refund__state=RefundState.FAILED, refund__settled_at=None) & Q(
    refund__done_at__isnull=False
)


#: What to prefetch on items so that what was asked for them needs no query each.
WITH_REFUNDS = "refund_requests__refund__payment"


class Refusal(StrEnum):
    """Why nothing can be asked for."""

    ENDED = "ended"
    UNPAID = "unpaid"
    GIVEN_BACK = "given_back"
    OPEN = "open"
    GRANTED = "granted"


class Course(StrEnum):
    """Where the money of a granted request is: on its way, with its backer, or with the cooperative still."""

    UNDER_WAY = "under_way"
    PAID = "paid"
    NOT_MADE = "not_made"
    SENT_BACK = "sent_back"


class RequestRefused(Exception):
    """Nothing was written. `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.value)
        self.refusal = refusal


def refusal_of(item: PledgeItem, left: int | None) -> Refusal | None:
    """Why nothing can be asked for this reward now; None if it can. `left`: see `left_of`."""
    if item.pledge.state != PledgeState.CONFIRMED or not item.quantity:
        return Refusal.ENDED
    if open_request(item):
        return Refusal.OPEN
    if any(course_of(one) == Course.NOT_MADE for one in item.refund_requests.all()):
        return Refusal.GRANTED
    if left is None or not price_of(item):
        return Refusal.UNPAID
    return None if amount_for(item, left) else Refusal.GIVEN_BACK


def open_request(item: PledgeItem) -> RefundRequest | None:
    return next((one for one in item.refund_requests.all() if one.state == RequestState.ASKED), None)


def price_of(item: PledgeItem) -> int:
    """What the reward costs with its postage."""
    return item.total + item.postage


def amount_for(item: PledgeItem, left: int) -> int:
    """What may be asked back for it: its price, less what was granted for it before, within what is left of the pledge.

    Minor units. Reads `refund_requests` with `WITH_REFUNDS`, if prefetched.
    """
    before = sum(one.refund.amount for one in item.refund_requests.all() if is_given(one) and one.refund)
    return max(0, min(price_of(item) - before, left))


def is_given(request: RefundRequest) -> bool:
    """Granted: the money went back or is to."""
    return request.state == RequestState.GRANTED and request.refund is not None


def course_of(request: RefundRequest) -> Course | None:
    """By its refund's own state; None where none is granted."""
    refund = request.refund
    if request.state != RequestState.GRANTED or refund is None:
        return None
    if refund.state == RefundState.REJECTED or (refund.state == RefundState.FAILED and refund.done_at is None):
        return Course.NOT_MADE
    if refund.state == RefundState.FAILED and refund.settled_at is None:
        return Course.SENT_BACK
    return Course.UNDER_WAY if refund.state == RefundState.DUE else Course.PAID


def is_given_up(item: PledgeItem) -> bool:
    """As `gone_back.given_up`, of one item."""
    return any(is_given(one) and one.refund.amount >= one.amount for one in item.refund_requests.all() if one.refund)


def any_given(pledge: Pledge) -> bool:
    """Whether money went back, or is about to, for one of its rewards at its backer's wish."""
    return RefundRequest.objects.filter(item__pledge=pledge, state=RequestState.GRANTED).exclude(DEAD).exists()


def may_be_made_after_all(refund: Refund) -> bool:
    """Of one that was refused: whether its backer has not asked for, or been granted, the same money since."""
    answered = RefundRequest.objects.select_related("item").filter(refund=refund).first()
    if answered is None:
        return True
    others = answered.item.refund_requests.select_related("refund").exclude(pk=answered.pk)
    asked = sum(one.amount for one in others if one.state == RequestState.ASKED)
    given = sum(one.refund.amount for one in others if is_given(one) and one.refund)
    return bool(asked + given + refund.amount <= price_of(answered.item))


def left_of(pledge: Pledge) -> int | None:
    """What of the pledge's payments may still go back; None where nothing was paid."""
    paid = pledge.payments.filter(state=PaymentState.PAID)
    left = [giving_back.left_of(payment) for payment in paid]
    return sum(left) if left else None


def ask(item: PledgeItem, message: str) -> RefundRequest:
    """At the backer's wish: written, confirmed to them, and told to treasurers. Raises RequestRefused."""
    with transaction.atomic():
        pledge = (
            Pledge.objects.select_for_update(of=("self",))
            .select_related("backer", "cooperative")
            .get(pk=item.pledge_id)
        )
        locked = pledge.items.get(pk=item.pk)
        locked.pledge = pledge
        left = left_of(pledge)
        if refusal := refusal_of(locked, left):
            raise RequestRefused(refusal)
        request = RefundRequest.objects.create(
            cooperative_id=pledge.cooperative_id,
            item=locked,
            amount=amount_for(locked, left or 0),
            currency=pledge.currency,
            message=message,
            asked_at=clock.now(),
            answer_by=today_in(pledge.cooperative) + ANSWERED_WITHIN,
        )
        key = _key(request)
        outbox.queue(kind_of("refund_requested"), cooperative=pledge.cooperative, subject_key=key, to=pledge.backer)
        outbox.queue_all(
            outbox.mail_for(kind_of("refund_to_decide"), cooperative=pledge.cooperative, subject_key=key, to=who)
            for who in members(pledge.cooperative, *TREASURERS)
        )
    return request


def _key(request: RefundRequest) -> str:
    return f"request:{request.pk}"


def withdraw(request: RefundRequest) -> bool:
    """At the backer's wish. False once it is answered. A refund that waits for a second person is turned down."""
    with transaction.atomic():
        _lock(request)
        return bool(end(RefundRequest.objects.filter(pk=request.pk, state=RequestState.ASKED)))


def end(requests: QuerySet[RefundRequest]) -> int:
    """Withdraw those that are open: by their backer, or because the contribution was cancelled or the reward given up.

    With them those that were granted in vain: what is owed then goes back by another way. In the caller's transaction,
    which holds the pledge.
    """
    waiting = Refund.objects.filter(request__in=requests, state=RefundState.TO_APPROVE)
    waiting.update(state=RefundState.REJECTED)
    in_vain = Refund.objects.filter(giving_back.DEAD, request__in=requests.filter(state=RequestState.GRANTED))
    in_vain.update(state=RefundState.REJECTED)
    still_open = requests.filter(TO_ANSWER | NOT_MADE).values_list("pk", flat=True)
    rows = RefundRequest.objects.filter(pk__in=list(still_open), state__in=[RequestState.ASKED, RequestState.GRANTED])
    return rows.update(state=RequestState.WITHDRAWN, answered_at=clock.now())


def _lock(request: RefundRequest) -> None:
    """Those who answer come one after the other."""
    Pledge.objects.select_for_update().get(items=request.item_id)


def decline(request: RefundRequest, answer: str, by: User) -> bool:
    """With the treasurer's words, which go to the backer. False if it was answered meanwhile."""
    with transaction.atomic():
        _lock(request)
        said = {"state": RequestState.DECLINED, "answer": answer, "answered_by": by, "answered_at": clock.now()}
        if _to_answer(request).update(refund=None, **said):
            _tell_answer(request)
        elif not _decline_after_all(request, said):
            return False
        facts = {"amount": request.amount, "currency": request.currency}
        act = money_acts.REFUND_DECLINED
        audit.record(act, cooperative=request.cooperative, by=by, subject=request, **facts)
        return True


def _decline_after_all(request: RefundRequest, said: dict[str, Any]) -> bool:
    """What was granted and could not be made: its refund is let go, and its backer told again."""
    granted = RefundRequest.objects.filter(pk=request.pk, state=RequestState.GRANTED)
    refused = Refund.objects.filter(giving_back.DEAD, request__in=granted)
    if not refused.update(state=RefundState.REJECTED, approved_by=said["answered_by"], approved_at=said["answered_at"]):
        return False
    granted.update(**said)
    _tell_answer(request, occasion="after_all")
    return True


def attach(request: RefundRequest, refund: Refund, answer: str, by: User) -> bool:
    """The refund that a treasurer wrote for it, in their transaction: granted at once, or once a second person agrees.

    False if it was answered meanwhile.
    """
    _lock(request)
    if not _to_answer(request).update(refund=refund, answer=answer, answered_by=by):
        return False
    if refund.state == RefundState.DUE:
        follow(refund)
    return True


def follow(refund: Refund) -> None:
    """A refund that is due: the request it was written for, if any, is granted and its backer told."""
    rows = RefundRequest.objects.filter(refund=refund, state=RequestState.ASKED)
    if rows.update(state=RequestState.GRANTED, answered_at=clock.now()):
        _tell_answer(RefundRequest.objects.get(refund=refund))


def _to_answer(request: RefundRequest) -> QuerySet[RefundRequest]:
    ids = RefundRequest.objects.filter(TO_ANSWER, pk=request.pk).values("pk")
    return RefundRequest.objects.filter(pk__in=ids, state=RequestState.ASKED)


def _tell_answer(request: RefundRequest, occasion: str = "") -> None:
    pledge = Pledge.objects.select_related("backer", "cooperative").get(items=request.item_id)
    outbox.queue(
        kind_of("refund_answered"),
        cooperative=pledge.cooperative,
        subject_key=_key(request),
        occasion=occasion,
        to=pledge.backer,
    )


def to_answer(cooperative: Cooperative) -> QuerySet[RefundRequest]:
    """Open requests, those due first on top; with those that wait for a second person."""
    rows = RefundRequest.objects.filter(cooperative=cooperative, state=RequestState.ASKED)
    return rows.order_by("answer_by", "pk")


def answered(cooperative: Cooperative) -> QuerySet[RefundRequest]:
    """Granted, not granted or withdrawn: each was at a moment. Latest first."""
    rows = RefundRequest.objects.filter(cooperative=cooperative, answered_at__isnull=False)
    return rows.exclude(state=RequestState.ASKED).order_by("-answered_at", "-pk")


def unpaid(cooperative: Cooperative) -> QuerySet[RefundRequest]:
    """Granted, and the money is with the cooperative still: someone has something to do. Failed first on top."""
    rows = RefundRequest.objects.filter(NOT_MADE | SENT_BACK, cooperative=cooperative)
    return rows.order_by("refund__failed_at", "pk")


def largest_at_once(request: RefundRequest) -> tuple[Payment | None, int]:
    """The payment with most left to give back, and how much of the request it covers: a refund is of one payment."""
    paid = Payment.objects.filter(pledge__items=request.item_id, state=PaymentState.PAID).order_by("part")
    best = max(paid, key=giving_back.left_of, default=None)
    return (best, min(request.amount, giving_back.left_of(best))) if best else (None, 0)


def cost_of(request: RefundRequest, amount: int) -> int:
    """What granting an amount would cost the cooperative beyond it: the fee of what goes back, and commission kept."""
    payment, _largest = largest_at_once(request)
    if payment is None or not payment.amount:
        return 0
    fee = pro_rata(payment.processing_fee or 0, amount, payment.amount)
    commission = pro_rata(payment.commission, amount, payment.amount)
    return fee + max(0, commission - giving_back.commission_of(payment, amount))
