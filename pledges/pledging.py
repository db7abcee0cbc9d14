"""The state machine of a pledge: pending, confirmed, then lapsed, cancelled, goal missed or dropped.

What happens when the process dies:
- inside a transaction below: nothing was written;
- after `begin` commits, before the hosted page is asked for: the checkout is OPENING, and the sweep finds out whether
  a page exists, ends it and frees the stock (pledges.checkout);
- after `confirm` commits: the mail row and the ledger are written with it; only nudges are lost, and the tick nudges.
"""

import uuid
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from campaigns import lifecycle, stock
from home import backing, clock, outbox
from home.inserting import insert
from home.mail.registry import kind_of
from home.models import Cooperative
from home.ready_queries import Ready
from pledges import choosing, giving_back, ledger, on_offer, refund_requests, saved_cards, taxes
from pledges.choosing import PledgeRefused, PledgeRequest
from pledges.commission import commission_on
from pledges.enums import CardState, ChangeState, CheckoutPurpose, CheckoutState, PaymentState, PledgeState
from pledges.gateway import Card, Intent
from pledges.models import Checkout, Payment, Pledge, PledgeItem, RefundRequest
from pledges.on_offer import Offer

#: What Stripe is told; the sweep ends the page five minutes earlier.
PAGE_LASTS = timedelta(minutes=35)
HOLD = timedelta(minutes=30)


def begin(cooperative: Cooperative, request: PledgeRequest, offer: Offer | None = None) -> Checkout:
    """Write pledge, items, consent and the checkout about to be opened, and hold the stock, or nothing at all.

    The same attempt again gives the same checkout, also where it took the last one at this very moment. The campaign's
    row is held until the commit: neither its end, its closing after the last reward nor a publication comes between.
    `offer`: what the form has read; it counts if nothing of it was published since. Raises PledgeRefused.
    """
    try:
        return _begin(cooperative, request, offer)
    except (IntegrityError, PledgeRefused) as error:
        if earlier := _earlier(request.attempt):
            return earlier
        if isinstance(error, PledgeRefused):
            raise
    return _begin(cooperative, request, offer)  # an address new to two forms at once: the other one made it known


def _earlier(attempt: uuid.UUID) -> Checkout | None:
    return Checkout.objects.filter(pledge__attempt=attempt).order_by("id").first()


def as_written(checkout: Checkout) -> Pledge | None:
    """The pledge of a checkout that `begin` has just written, with all that it was written from; else None."""
    return checkout.pledge if Checkout.pledge.is_cached(checkout) else None


def _begin(cooperative: Cooperative, request: PledgeRequest, read: Offer | None) -> Checkout:
    known = choosing.known_backer(cooperative, request)
    with transaction.atomic():
        campaign = lifecycle.keep_open(request.campaign_id)
        campaign.cooperative = cooperative
        as_read = read is not None and read.campaign.terms_version == campaign.terms_version
        offer = replace(read, campaign=campaign) if read and as_read else on_offer.read(campaign)
        takes = lifecycle.takes_late_pledges if request.is_late else lifecycle.takes_pledges
        if not takes(campaign, clock.now()) or (request.is_late and not request.chosen):
            raise PledgeRefused("closed")
        if not offer.is_public:
            raise PledgeRefused("hidden")
        if not cooperative.takes_payments:
            raise PledgeRefused("paused")
        choosing.check(offer, request)
        pledge = choosing.write_pledge(cooperative, offer, request, known)
        purpose = CheckoutPurpose.PAY if pledge.is_paid_at_once else CheckoutPurpose.SAVE_CARD
        checkout = _new_checkout(pledge, purpose)
        choosing.take_stock(offer, request)
    return checkout


def _new_checkout(pledge: Pledge, purpose: CheckoutPurpose, payment: Payment | None = None) -> Checkout:
    now = clock.now()
    checkout = Checkout(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        payment=payment,
        purpose=purpose,
        created_at=now,
        expires_at=now + PAGE_LASTS,
    )
    insert(checkout)
    return checkout


def confirm_promise(checkout: Checkout, card: Card) -> bool:
    """The card of an all-or-nothing promise is saved. False if that was known already."""
    with transaction.atomic():
        if not _complete(checkout):
            return False
        pledge, _items = _confirm(
            checkout,
            payment_method=card.payment_method,
            card_last4=card.last4,
            card_expires=card.expires,
            card_state=CardState.KEPT,
        )
        outbox.queue(
            kind_of("pledge_confirmed"), cooperative=pledge.cooperative, subject_key=pledge.key, to=pledge.backer
        )
    return True


def confirm_payment(checkout: Checkout, intent: Intent) -> bool:
    """A contribution was paid on the hosted page. False if that was known already."""
    with transaction.atomic():
        if not _complete(checkout):
            return False
        pledge, items = _confirm(checkout, card_last4=intent.card.last4 if intent.card else "")
        if (intent.amount, intent.currency) != (pledge.amount, pledge.currency):
            raise ValueError(f"Pledge {pledge.pk} is of {pledge.amount}, and {intent.amount} was paid.")
        payment = Payment.objects.create(
            cooperative_id=pledge.cooperative_id,
            pledge=pledge,
            state=PaymentState.PAID,
            currency=intent.currency,
            amount=intent.amount,
            taxable=taxes.taxable_part(items),
            commission=intent.commission,
            processing_fee=intent.fee,
            stripe_intent=intent.id,
            stripe_charge=intent.charge,
            created_at=clock.now(),
            paid_at=clock.now(),
        )
        ledger.record_payment(payment, clock.now(), fee=intent.fee)
        outbox.queue(
            kind_of("contribution_receipt"), cooperative=pledge.cooperative, subject_key=pledge.key, to=pledge.backer
        )
    return True


def _complete(checkout: Checkout) -> bool:
    unfinished = Checkout.objects.filter(pk=checkout.pk, state__in=[CheckoutState.OPENING, CheckoutState.OPEN])
    return bool(unfinished.update(state=CheckoutState.COMPLETE, ended_at=clock.now()))


def _confirm(checkout: Checkout, **card: object) -> tuple[Pledge, list[PledgeItem]]:
    """The campaign's row is held first, the backer's before the stock, as everywhere: neither waits for the other."""
    lifecycle.keep_open(checkout.pledge.campaign_id)
    moved = Pledge.objects.filter(pk=checkout.pledge_id, state=PledgeState.PENDING).update(
        state=PledgeState.CONFIRMED, confirmed_at=clock.now(), **card
    )
    if not moved:
        raise RuntimeError(f"Pledge {checkout.pledge_id} was paid for, and is no longer pending.")
    pledge: Pledge = _CONFIRMED(checkout.pledge_id)[0]
    backing.follow(pledge.backer, name=pledge.backer.name, language=pledge.language)
    items = list(PledgeItem.objects.filter(pledge_id=checkout.pledge_id).order_by("reward_id"))
    for item in items:
        stock.confirm(item.reward_id, item.quantity)
    return pledge, items


def _confirmed(pledge_id: int) -> QuerySet[Pledge]:
    return Pledge.objects.filter(pk=pledge_id).select_related("cooperative__site", "backer", "campaign")


_CONFIRMED = Ready(_confirmed, prepared=True)


def keep_new_card(checkout: Checkout, card: Card) -> bool:
    """Another card was given for a payment that could not be made. False if known already.

    The one that it replaces is to be forgotten, and so is one that comes once the contribution was let go.
    """
    with transaction.atomic():
        if not _complete(checkout):
            return False
        pledge = Pledge.objects.select_for_update().get(pk=checkout.pledge_id)
        stands = pledge.state == PledgeState.CONFIRMED
        if pledge.payment_method not in ("", card.payment_method):
            saved_cards.replaced(pledge, pledge.payment_method)
        Pledge.objects.filter(pk=pledge.pk).update(
            payment_method=card.payment_method,
            card_last4=card.last4,
            card_expires=card.expires,
            card_state=CardState.KEPT if stands else CardState.TO_DETACH,
        )
    return True


def lapse(checkout: Checkout) -> bool:
    """The page is known to be over, unpaid: the stock is free again. False if that was known already."""
    with transaction.atomic():
        unfinished = Checkout.objects.filter(pk=checkout.pk, state__in=[CheckoutState.OPENING, CheckoutState.OPEN])
        if not unfinished.update(state=CheckoutState.EXPIRED, ended_at=clock.now()):
            return False
        if checkout.purpose in (CheckoutPurpose.MEND, CheckoutPurpose.CARD):
            return True
        lifecycle.keep_open(checkout.pledge.campaign_id)
        pending = Pledge.objects.filter(pk=checkout.pledge_id, state=PledgeState.PENDING)
        if pending.update(state=PledgeState.LAPSED, ended_at=clock.now()):
            for item in PledgeItem.objects.filter(pledge_id=checkout.pledge_id).order_by("reward_id"):
                stock.release_held(item.reward_id, item.quantity)
    return True


def may_cancel(pledge: Pledge, at: datetime) -> bool:
    """Until the deadline, while the campaign is live and nothing was handed over.

    What did not come by card is given back by hand.
    """
    stands = pledge.state == PledgeState.CONFIRMED and not pledge.is_late
    return stands and lifecycle.takes_pledges(pledge.campaign, at) and not was_handed_over(pledge)


def was_handed_over(pledge: Pledge) -> bool:
    """Some of it left: from then on the team decides what is given back (pledges.refund_decisions)."""
    return pledge.items.filter(left_at__isnull=False).exists()


def cancel(pledge: Pledge) -> bool:
    """At the backer's wish, before the deadline. What was paid and not given back is refunded.

    False if it is too late, or while the difference of a change may still be paid (pledges.own_pages ends that).
    """
    with transaction.atomic():
        campaign = lifecycle.keep_open(pledge.campaign_id)
        if not may_cancel(pledge, clock.now()) or not lifecycle.takes_pledges(campaign, clock.now()):
            return False
        Pledge.objects.select_for_update().get(pk=pledge.pk)
        if pledge.changes.filter(state=ChangeState.PENDING).exists() or was_handed_over(pledge):
            return False
        confirmed = Pledge.objects.filter(pk=pledge.pk, state=PledgeState.CONFIRMED)
        if not confirmed.update(state=PledgeState.CANCELLED, ended_at=clock.now()):
            return False
        Pledge.objects.filter(pk=pledge.pk, card_state=CardState.KEPT).update(card_state=CardState.TO_DETACH)
        for item in pledge.items.order_by("reward_id"):
            stock.release_promised(item.reward_id, item.quantity)
        refund_requests.end(RefundRequest.objects.filter(item__pledge=pledge))
        giving_back.give_back_all(pledge)
        outbox.queue(
            kind_of("pledge_cancelled"), cooperative=pledge.cooperative, subject_key=pledge.key, to=pledge.backer
        )
        transaction.on_commit(_nudge_after_cancel)
    return True


def _nudge_after_cancel() -> None:
    from pledges.tasks import forget_cards  # noqa: PLC0415 (tasks import this module)

    forget_cards.enqueue()


def mend_checkout(payment: Payment) -> Checkout:
    """A page to give another card for a payment that could not be made."""
    return _new_checkout(payment.pledge, CheckoutPurpose.MEND, payment)


def commission_for(pledge: Pledge) -> int:
    return commission_on(pledge.amount, pledge.cooperative)
