"""The days after a settlement in which a payment that could not be made still may be; then it is let go.

While the grace lasts, its backer is reminded (the day it could not be made, then days 2, 4 and 6, until it is paid),
and a card that may still pay is charged again on the same PaymentIntent (`Payment.retry_at`). As it ends: pages for
another card are ended, a card never tried or that may still pay gets a last try, and what is unpaid then is dropped.

Nothing is asked of a paused settlement, and nothing is dropped while a card is still to be charged: the end is moved
then, so that who is declined last has days left (pledges.settlement). What happens when the process dies:
- with a payment claimed: its lease ends, and the next run begins it again;
- after an attempt row, before or during its call: the payment is read back first; a confirmation that arrived is seen
  there, and a PaymentIntent is never paid twice;
- after the PaymentIntent was cancelled, before the row is DROPPED: it is read back as cancelled, and dropped;
- in `_let_go`: one transaction with pledge, stock, card and mail, so that nothing was done;
- before `_end` commits: the next run finds nothing waiting, and ends it once.
A PaymentIntent found paid when it is to be cancelled is recorded as paid.
"""

import logging
import uuid
from collections.abc import Callable
from datetime import timedelta

from django.db import transaction
from django.db.models import CharField, Exists, Min, OuterRef, QuerySet, Value
from django.db.models.functions import Cast, Concat

from campaigns import lifecycle, stock
from campaigns.emails import members
from campaigns.models import Campaign
from home import clock, leases, outbox
from home.mail.registry import MailKind, kind_of
from home.models import OutgoingMail
from home.tenancy import within
from pledges import charging, checkout, declines, gateway, recording
from pledges.declines import Decline
from pledges.enums import CardState, CheckoutPurpose, PaymentMethod, PaymentState, PledgeState
from pledges.models import Payment, Pledge, Settlement
from pledges.recording import GRACE, TO_MEND
from pledges.refunds import TREASURERS

log = logging.getLogger(__name__)

#: Days of the grace on which who has not paid is reminded; the first mail (occasion 0) leaves with the failure itself.
REMIND_ON = (2, 4, 6)
#: Longer than the calls of one payment may take, so that only a dead worker loses it.
LEASE = timedelta(minutes=5)
CHUNK = 200


def running() -> QuerySet[Settlement]:
    """Settlements whose grace is not over with: none that is paused, and of those only what charged cards."""
    rows = Settlement.objects.filter(dropped_at=None, paused_at=None).exclude(prepared_at=None)
    return rows.select_related("campaign__cooperative__site", "cooperative__site").order_by("grace_ends_at")


def abandon(campaign: Campaign) -> None:
    """The grace of a campaign that was rehearsed, and is abandoned: nobody is reminded or charged any more."""
    if not campaign.cooperative.is_rehearsal:
        raise TypeError(f"Campaign {campaign.pk} is no rehearsal's.")
    Settlement.objects.filter(campaign=campaign, dropped_at=None).update(dropped_at=clock.now())


def attend(settlement: Settlement) -> None:
    """Do what is due in this grace now: remind, charge again; once it is over, drop, then end it."""
    with within(settlement.cooperative):
        if clock.now() < settlement.grace_ends_at or settlement.finished_at is None:
            _remind(settlement)
            while payment := _claim(_to_retry(settlement)):
                _bearing(payment, _try_again)
        else:
            while payment := _claim(_waiting(settlement)):
                _bearing(payment, _close)
            _end(settlement)


def _waiting(settlement: Settlement) -> QuerySet[Payment]:
    return Payment.objects.filter(
        pledge__campaign=settlement.campaign_id, part=0, method=PaymentMethod.CARD, state__in=TO_MEND
    )


def _to_retry(settlement: Settlement) -> QuerySet[Payment]:
    return _waiting(settlement).filter(state=PaymentState.MEND, retry_at__lte=clock.now())


def _claim(rows: QuerySet[Payment]) -> Payment | None:
    """One of these, ours until the lease ends. What could not be done keeps its lease, and is tried again later."""
    now, token = clock.now(), uuid.uuid4()
    free = leases.free("lease_until", now, LEASE)
    found = rows.filter(free).order_by("id").values_list("id", flat=True).first()
    if found is None or not Payment.objects.filter(free, pk=found).update(lease_token=token, lease_until=now + LEASE):
        return None
    payments = Payment.objects.select_related("pledge__backer", "pledge__cooperative__site", "pledge__campaign")
    return payments.select_related("pledge__campaign__settlement").get(pk=found)


def _bearing(payment: Payment, step: Callable[[Payment], None]) -> None:
    """One that fails holds no other up."""
    try:
        step(payment)
    except gateway.Unavailable as error:
        log.warning("payment %s in grace has no answer yet: %s", payment.pk, error)
    except gateway.Refused as error:
        log.error("payment %s in grace was refused: %s", payment.pk, error)


# While it lasts


def _remind(settlement: Settlement) -> None:
    """The latest reminder that is due, to who had not paid by then. Where it was written before, one query says so."""
    begun, now = settlement.grace_ends_at - GRACE, clock.now()
    due = [day for day in REMIND_ON if begun + timedelta(days=day) <= now]
    if not due:
        return
    kind, occasion = kind_of("payment_to_mend"), str(due[-1])
    rows = _waiting(settlement).annotate(failed_at=Min("attempts__answered_at"))
    late = rows.filter(~_reminded(kind, occasion), failed_at__lte=begun + timedelta(days=due[-1]))
    late, last = late.select_related("pledge__backer", "cooperative").order_by("id"), 0
    while payments := list(late.filter(pk__gt=last)[:CHUNK]):
        outbox.queue_all(
            outbox.mail_for(
                kind,
                cooperative=payment.cooperative,
                subject_key=payment.pledge.key,
                occasion=occasion,
                to=payment.pledge.backer,
            )
            for payment in payments
        )
        last = payments[-1].pk


def _reminded(kind: MailKind, occasion: str) -> Exists:
    key = Concat(Value("pledge:"), Cast(OuterRef("pledge_id"), CharField()), output_field=CharField())
    return Exists(OutgoingMail.objects.filter(kind=kind.key, occasion=occasion, subject_key=key))


def _try_again(payment: Payment) -> None:
    """Charge the saved card once more on the same PaymentIntent, its owner away; or find out that it was paid."""
    if charging.refresh(payment) not in TO_MEND:
        return
    if not payment.stripe_intent:
        charging.charge(payment)
    elif payment.pledge.payment_method:
        _confirm(payment)


def _confirm(payment: Payment) -> None:
    attempt = charging.new_attempt(payment, payment.pledge.payment_method)
    account = payment.pledge.cooperative.stripe_account
    try:
        intent = gateway.charge_again(
            account, str(attempt.key), payment.stripe_intent, payment_method=attempt.payment_method
        )
    except gateway.Refused as refused:
        if refused.code == charging.PAUSED:
            recording.answer(attempt, charging.PAUSED)
            raise gateway.Unavailable(str(refused)) from refused
        recording.answer(attempt, refused.code or "refused")
        Payment.objects.filter(pk=payment.pk).update(retry_at=None)
        intent = gateway.read_payment(account, payment.stripe_intent)
        recording.record(payment, intent)
    except gateway.Declined:
        recording.record(payment, gateway.read_payment(account, payment.stripe_intent), attempt)
    else:
        recording.record(payment, intent, attempt)


# As it ends


def _close(payment: Payment) -> None:
    """The last try where it is worth one, then the end: paid, or never payable any more."""
    for row in payment.checkouts.filter(state__in=checkout.UNFINISHED, purpose=CheckoutPurpose.MEND):
        checkout.end(row)
    payment.pledge.refresh_from_db()
    try:
        if charging.refresh(payment) in TO_MEND and _deserves_last_try(payment):
            _try_again(payment)
    except gateway.Refused as refused:
        if not refused.is_gone:
            raise
    if payment.state in TO_MEND and _is_over_at_provider(payment):
        _let_go(payment)


def _deserves_last_try(payment: Payment) -> bool:
    """Once: for a card that was never tried, or one that may still pay."""
    card, ends = payment.pledge.payment_method, payment.pledge.campaign.settlement.grace_ends_at
    tried = payment.attempts.filter(started_at__gte=ends).exclude(answered_at=None)
    if not card or tried.exclude(outcome=charging.PAUSED).exists():
        return False
    if not charging.attempts_with(payment, card).exists():
        return True
    if not payment.stripe_intent or payment.state != PaymentState.MEND:
        return False
    account = payment.pledge.cooperative.stripe_account
    return declines.sort_intent(gateway.read_payment(account, payment.stripe_intent)) == Decline.SOFT


def _is_over_at_provider(payment: Payment) -> bool:
    """Cancel the PaymentIntent, so that no bank page opened earlier can pay it. False if it was paid, or may be."""
    account = payment.pledge.cooperative.stripe_account
    found = None
    if payment.stripe_intent:
        try:
            found = gateway.cancel_payment(account, payment.stripe_intent)
        except gateway.Refused as refused:
            if not refused.is_gone:
                raise
    elif hidden := charging.look_up(payment):
        found = gateway.cancel_payment(account, hidden.id)
    if found is None or found.status == "canceled":
        return True
    recording.record(payment, found)
    return False


def _let_go(payment: Payment) -> None:
    """Payment and pledge are dropped, the stock is free, the card is to be forgotten, the backer is told."""
    now = clock.now()
    with transaction.atomic():
        pledge = Pledge.objects.select_related("backer", "cooperative").get(pk=payment.pledge_id)
        lifecycle.keep_open(pledge.campaign_id)
        waiting = Payment.objects.filter(pk=payment.pk, state__in=TO_MEND)
        dropped = waiting.update(state=PaymentState.DROPPED, retry_at=None, lease_token=None, lease_until=None)
        confirmed = Pledge.objects.filter(pk=pledge.pk, state=PledgeState.CONFIRMED)
        if not dropped or not confirmed.update(state=PledgeState.DROPPED, ended_at=now):
            return
        Pledge.objects.filter(pk=pledge.pk, card_state=CardState.KEPT).update(card_state=CardState.TO_DETACH)
        for item in pledge.items.order_by("reward_id"):
            stock.release_promised(item.reward_id, item.quantity)
        outbox.queue(
            kind_of("pledge_dropped"), cooperative=pledge.cooperative, subject_key=pledge.key, to=pledge.backer
        )
    payment.refresh_from_db()


def _end(settlement: Settlement) -> None:
    """No card is charged any more: written once, and treasurers are told. A cheque may be awaited for longer."""
    with transaction.atomic():
        by_card = Payment.objects.filter(pledge__campaign=settlement.campaign_id, method=PaymentMethod.CARD)
        waiting = by_card.filter(state__in=[PaymentState.DUE, *TO_MEND])
        ended = Settlement.objects.filter(pk=settlement.pk, dropped_at=None).exclude(finished_at=None)
        if waiting.exists() or not ended.update(dropped_at=clock.now()):
            return
        outbox.queue_all(
            outbox.mail_for(
                kind_of("grace_ended"),
                cooperative=settlement.cooperative,
                subject_key=f"campaign:{settlement.campaign_id}",
                to=reader,
            )
            for reader in members(settlement.cooperative, *TREASURERS)
        )
