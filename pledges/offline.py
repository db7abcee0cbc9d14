"""The state machine of a contribution made by other means than the site: awaited, received, not honoured, let go.

Its payment is DUE while it is awaited, and the pledge PENDING with its stock held, without a limit of time: it counts
nowhere. Received, it counts like any other (in no total of the campaign, if that was decided before). Nothing here
is charged or paid out by us: a refund stays DUE until someone says that it was handed over.

A payment that was not honoured leaves part 0 to the one awaited in its place, so that part 0 is always the payment that
pays the pledge. Before the outcome the pledge is pending again, its rewards held; after it the pledge stands in the
frozen total, as one does whose card is refused, until the payment comes or the team lets it go (DROPPED).

Each act is one transaction of conditional updates: a second click, or someone else, changes nothing.
"""

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Max, QuerySet, Sum

from campaigns import lifecycle, stock
from campaigns.models import Campaign
from home import clock, outbox
from home.mail.registry import kind_of
from home.models import Cooperative, User
from pledges import ledger, money_acts, taxes
from pledges.enums import Origin, PaymentMethod, PaymentState, PledgeState, RefundReason, RefundState
from pledges.models import Payment, Pledge, PledgeItem, Refund

CHUNK = 200

#: A refund that has not left yet.
NOT_LEFT = (RefundState.TO_APPROVE, RefundState.DUE)


class OfflineRefused(Exception):
    """Nothing was written. `code`: missed (the campaign is), or given_back (some of the payment is)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def awaited(cooperative: Cooperative) -> QuerySet[Payment]:
    """Payments that a cooperative waits for, oldest first."""
    due = Payment.objects.filter(cooperative=cooperative, state=PaymentState.DUE)
    return due.exclude(method=PaymentMethod.CARD).order_by("created_at", "pk")


def to_give_back(cooperative: Cooperative) -> QuerySet[Refund]:
    """Refunds that a cooperative makes by hand, oldest first."""
    return _by_hand().filter(cooperative=cooperative).order_by("created_at", "pk")


def _by_hand() -> QuerySet[Refund]:
    due = Refund.objects.filter(state=RefundState.DUE, payment__state=PaymentState.PAID)
    return due.exclude(payment__method=PaymentMethod.CARD)


def instant_of(day: date, cooperative: Cooperative) -> datetime:
    """When something that is known by its day happened: at noon there, and never later than now."""
    return min(datetime.combine(day, time(12), ZoneInfo(cooperative.time_zone)), clock.now())


def receive(payment: Payment, *, on: date, method: str, reference: str, by: User | None, tell: bool) -> bool:
    """An awaited payment came on a day: from now on it counts. False if it is not awaited (any more).

    Raises OfflineRefused where the goal was missed.
    """
    with transaction.atomic():
        campaign = lifecycle.keep_open(payment.pledge.campaign_id)
        if campaign.is_missed:
            raise OfflineRefused("missed")
        at = instant_of(on, payment.cooperative)
        due = Payment.objects.filter(pk=payment.pk, state=PaymentState.DUE).exclude(method=PaymentMethod.CARD)
        if not due.update(
            state=PaymentState.PAID, method=method, reference=reference, received_on=on, received_by=by, paid_at=at
        ):
            return False
        pledge = Pledge.objects.select_related("cooperative__site", "backer").get(pk=payment.pledge_id)
        _stand(pledge, at=clock.now(), late=campaign.is_over)
        paid = Payment.objects.select_related("pledge", "cooperative").get(pk=payment.pk)
        ledger.record_payment(paid, at)
        money_acts.on_payment(money_acts.OFFLINE_RECEIVED, paid, by, received_on=on.isoformat())
        if tell:
            _tell("contribution_receipt", pledge, f"payment:{paid.pk}")
    return True


def _stand(pledge: Pledge, *, at: datetime, late: bool) -> None:
    """Pending to confirmed; one that stood at the outcome stands already."""
    pending = Pledge.objects.filter(pk=pledge.pk, state=PledgeState.PENDING)
    if pending.update(state=PledgeState.CONFIRMED, confirmed_at=at, is_late=late):
        for item in _items(pledge):
            stock.confirm(item.reward_id, item.quantity)
    elif pledge.state != PledgeState.CONFIRMED:
        raise RuntimeError(f"A payment of pledge {pledge.pk} was awaited, and it is {pledge.state}.")


def _items(pledge: Pledge) -> QuerySet[PledgeItem]:
    """In ascending reward, as stock is always moved."""
    return pledge.items.order_by("reward_id")


def bounce(payment: Payment, *, by: User | None, tell: bool) -> bool:
    """A payment that was received is not honoured, or was marked by mistake: all of it is undone. False if known.

    Another one is awaited in its place while the pledge stands. Raises OfflineRefused where money of it went back.
    """
    with transaction.atomic():
        campaign = lifecycle.keep_open(payment.pledge.campaign_id)
        pledge = Pledge.objects.select_for_update(of=("self",)).get(pk=payment.pledge_id)
        _stop_refunds(payment)
        paid = Payment.objects.filter(pk=payment.pk, state=PaymentState.PAID).exclude(method=PaymentMethod.CARD)
        now = clock.now()
        if not paid.update(state=PaymentState.BOUNCED, bounced_at=now, bounced_by=by):
            return False
        bounced = Payment.objects.select_related("pledge__backer", "pledge__cooperative", "cooperative").get(
            pk=payment.pk
        )
        ledger.record_bounce(bounced, now)
        money_acts.on_payment(money_acts.OFFLINE_BOUNCED, bounced, by)
        if pledge.state == PledgeState.CONFIRMED and not campaign.is_missed:
            _await_another(pledge, bounced)
            if not campaign.is_over or pledge.is_late:
                _wait_again(pledge)
        if tell:
            _tell("cheque_bounced", bounced.pledge, f"payment:{bounced.pk}")
    return True


def _stop_refunds(payment: Payment) -> None:
    refunds = Refund.objects.filter(payment=payment)
    if refunds.exclude(state__in=[*NOT_LEFT, RefundState.REJECTED]).exists():
        raise OfflineRefused("given_back")
    refunds.filter(state__in=NOT_LEFT).update(state=RefundState.REJECTED)


def _await_another(pledge: Pledge, bounced: Payment) -> None:
    """The next one takes part 0, and is of what the other payments leave unpaid."""
    last = pledge.payments.aggregate(last=Max("part"))["last"]
    Payment.objects.filter(pk=bounced.pk).update(part=last + 1)
    others = pledge.payments.filter(state=PaymentState.PAID).aggregate(amount=Sum("amount"), taxable=Sum("taxable"))
    _write_awaited(
        pledge,
        amount=pledge.amount - (others["amount"] or 0),
        taxable=taxes.taxable_part(pledge.items.all()) - (others["taxable"] or 0),
        method=bounced.method,
    )


def _write_awaited(pledge: Pledge, *, amount: int, taxable: int, method: str, reference: str = "") -> Payment:
    return Payment.objects.create(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        method=method,
        reference=reference,
        state=PaymentState.DUE,
        currency=pledge.currency,
        amount=amount,
        taxable=taxable,
        commission=0,
        created_at=clock.now(),
    )


def await_payment(pledge: Pledge, *, method: str, reference: str) -> Payment:
    """The payment of a pledge just written, inside its transaction."""
    taxable = taxes.taxable_part(pledge.items.all())
    return _write_awaited(pledge, amount=pledge.amount, taxable=taxable, method=method, reference=reference)


def _wait_again(pledge: Pledge) -> None:
    standing = Pledge.objects.filter(pk=pledge.pk, state=PledgeState.CONFIRMED)
    if standing.update(state=PledgeState.PENDING, confirmed_at=None):
        for item in _items(pledge):
            stock.hold_again(item.reward_id, item.quantity)


def withdraw(payment: Payment, *, by: User | None) -> bool:
    """An awaited payment will not come: the pledge ends and its stock is free. False if it is not awaited (any more).

    One that stood at the outcome is dropped, as one is whose card cannot be charged; the others are cancelled.
    """
    with transaction.atomic():
        lifecycle.keep_open(payment.pledge.campaign_id)
        due = Payment.objects.filter(pk=payment.pk, state=PaymentState.DUE).exclude(method=PaymentMethod.CARD)
        if not due.update(state=PaymentState.DROPPED):
            return False
        _end(payment.pledge, by=by)
        money_acts.on_payment(money_acts.OFFLINE_ENDED, payment, by)
    return True


def _end(pledge: Pledge, *, by: User | None) -> None:
    rows, ended = Pledge.objects.filter(pk=pledge.pk), {"ended_at": clock.now(), "ended_by": by}
    if rows.filter(state=PledgeState.PENDING).update(state=PledgeState.CANCELLED, **ended):
        for item in _items(pledge):
            stock.release_held(item.reward_id, item.quantity)
    elif rows.filter(state=PledgeState.CONFIRMED).update(state=PledgeState.DROPPED, **ended):
        for item in _items(pledge):
            stock.release_promised(item.reward_id, item.quantity)


def let_go(campaign: Campaign) -> None:
    """The goal was missed: payments that were still awaited no longer are, and their backers are told."""
    waiting = Pledge.objects.filter(campaign=campaign, origin=Origin.OFFLINE, state=PledgeState.PENDING)
    while pledges := list(waiting.select_related("backer", "cooperative").order_by("pk")[:CHUNK]):
        for pledge in pledges:
            with transaction.atomic():
                Payment.objects.filter(pledge=pledge, state=PaymentState.DUE).update(state=PaymentState.DROPPED)
                _end(pledge, by=None)
                _tell("goal_missed", pledge)


def owe_back(pledges: QuerySet[Pledge]) -> None:
    """The goal was missed: what these pledges paid by other means is to be given back by hand, once."""
    payments = Payment.objects.filter(pledge__in=pledges, state=PaymentState.PAID).exclude(method=PaymentMethod.CARD)
    Refund.objects.bulk_create(
        Refund(
            cooperative_id=payment.cooperative_id,
            payment=payment,
            amount=payment.amount - _given_back(payment),
            commission=0,
            currency=payment.currency,
            reason=RefundReason.GOAL_MISSED,
            created_at=clock.now(),
        )
        for payment in payments.prefetch_related("refunds").order_by("pk")
        if payment.amount > _given_back(payment)
    )


def _given_back(payment: Payment) -> int:
    """Done, or under way. Reads `refunds`, which may be prefetched."""
    counted = {RefundState.DUE, RefundState.TO_APPROVE, RefundState.DONE, RefundState.FAILED}
    return sum(refund.amount for refund in payment.refunds.all() if refund.state in counted)


def record_given_back(refund: Refund, *, on: date, reference: str, by: User | None, tell: bool) -> bool:
    """The cooperative handed a refund over itself. False if that was known already."""
    with transaction.atomic():
        at = instant_of(on, refund.cooperative)
        due = Refund.objects.filter(pk__in=_by_hand().filter(pk=refund.pk))
        note = " · ".join(text for text in (refund.note, reference) if text)[:300]
        if not due.update(state=RefundState.DONE, done_at=at, settled_by=by, note=note):
            return False
        done = Refund.objects.select_related("payment__pledge__backer", "payment__pledge__cooperative").get(
            pk=refund.pk
        )
        ledger.record_refund(done, at)
        money_acts.on_refund(money_acts.OFFLINE_GIVEN_BACK, done, by, given_on=on.isoformat())
        if tell:
            _tell("refund_made", done.payment.pledge, f"refund:{done.pk}")
    return True


def _tell(kind: str, pledge: Pledge, occasion: str = "") -> None:
    """Who has no address is not written to (home.outbox)."""
    outbox.queue(
        kind_of(kind),
        cooperative=pledge.cooperative,
        subject_key=pledge.key,
        occasion=occasion,
        to=pledge.backer,
    )


def tell_recorded(pledge: Pledge) -> None:
    """That it is recorded, and counts once the payment is received."""
    _tell("offline_recorded", pledge)
