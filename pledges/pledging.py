"""The state machine of a pledge: pending, confirmed, then lapsed, cancelled, goal missed or dropped.

What happens when the process dies:
- inside a transaction below: nothing was written;
- after `begin` commits, before the hosted page is asked for: the checkout is OPENING, and the sweep finds out whether
  a page exists, ends it and frees the stock (pledges.checkout);
- after `confirm` commits: the mail row and the ledger are written with it; only nudges are lost, and the tick nudges.
"""

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from campaigns import lifecycle, queries, stock
from campaigns.models import Campaign, Reward
from home import backing, clock, outbox
from home.models import Cooperative
from home.registry import kind_of
from pledges import ledger, taxes
from pledges.commission import commission_on
from pledges.enums import (
    CardState,
    CheckoutPurpose,
    CheckoutState,
    FulfilmentState,
    PaymentState,
    PledgeState,
    RefundReason,
    RefundState,
    Wall,
)
from pledges.gateway import Card, Intent
from pledges.models import Checkout, Payment, Pledge, PledgeConsent, PledgeItem, Refund
from pledges.totals import current_months

#: What Stripe is told; the sweep ends the page five minutes earlier.
PAGE_LASTS = timedelta(minutes=35)
HOLD = timedelta(minutes=30)


class PledgeRefused(Exception):
    """Nothing was written. `reward` is the one concerned.

    `code`: closed, hidden (no page of the campaign is public), paused, sold_out, retired, not_offered (an early bird
    that is over, or not open yet), alone (an add-on without a reward) or price.
    """

    def __init__(self, code: str, reward: Reward | None = None) -> None:
        super().__init__(code)
        self.code, self.reward = code, reward


@dataclass(frozen=True)
class ChosenReward:
    """`unit_amount` is the price the backer saw, in minor units."""

    reward_id: int
    quantity: int
    unit_amount: int


@dataclass(frozen=True)
class PledgeRequest:
    """All that the review page posts. `attempt` is the form's own key: posted twice, it is one pledge.

    `consent_language` is the page's, where it is not the language to write in.
    """

    campaign_id: int
    attempt: uuid.UUID
    email: str
    name: str
    language: str
    consent_text: str
    consent_version: str
    chosen: list[ChosenReward] = field(default_factory=list)
    extra: int = 0
    via: str = ""
    news_text: str = ""
    consent_language: str = ""
    wall: str = Wall.NEITHER

    @property
    def total(self) -> int:
        return self.extra + sum(one.quantity * one.unit_amount for one in self.chosen)


def begin(cooperative: Cooperative, request: PledgeRequest) -> Checkout:
    """Hold the stock and write pledge, items, consent and the checkout about to be opened, or nothing at all.

    The same attempt again gives the same checkout, also where it took the last one at this very moment. Raises
    PledgeRefused.
    """
    try:
        return _begin(cooperative, request)
    except (IntegrityError, PledgeRefused):
        if earlier := _earlier(request.attempt):
            return earlier
        raise


def _earlier(attempt: uuid.UUID) -> Checkout | None:
    return Checkout.objects.filter(pledge__attempt=attempt).order_by("id").first()


def _begin(cooperative: Cooperative, request: PledgeRequest) -> Checkout:
    if earlier := _earlier(request.attempt):
        return earlier
    with transaction.atomic():
        campaign = lifecycle.keep_open(request.campaign_id)
        if not lifecycle.takes_pledges(campaign, clock.now()):
            raise PledgeRefused("closed")
        if not queries.is_public(campaign):
            raise PledgeRefused("hidden")
        if not cooperative.takes_payments:
            raise PledgeRefused("paused")
        rewards = _take_stock(campaign, request)
        pledge = _write_pledge(cooperative, campaign, request, rewards)
        return _new_checkout(pledge, CheckoutPurpose.SAVE_CARD if campaign.is_all_or_nothing else CheckoutPurpose.PAY)


def _take_stock(campaign: Campaign, request: PledgeRequest) -> dict[int, Reward]:
    """In ascending id, so that two buyers of the same tiers never wait for each other."""
    wanted = sorted(request.chosen, key=lambda one: one.reward_id)
    rewards = Reward.objects.filter(campaign=campaign).in_bulk([one.reward_id for one in wanted])
    if rewards and all(reward.is_add_on for reward in rewards.values()):
        raise PledgeRefused("alone", rewards[wanted[0].reward_id])
    for one in wanted:
        reward = _offered(rewards.get(one.reward_id))
        reward = queries.freeze(reward, clock.now())
        if reward.amount != one.unit_amount:
            raise PledgeRefused("price", reward)
        if not stock.take(reward, one.quantity):
            raise PledgeRefused("sold_out", reward)
    return rewards


def _offered(reward: Reward | None) -> Reward:
    if reward is None or reward.retired_at:
        raise PledgeRefused("retired", reward)
    if not reward.is_offered(clock.now()):
        raise PledgeRefused("not_offered", reward)
    return reward


def _write_pledge(
    cooperative: Cooperative, campaign: Campaign, request: PledgeRequest, rewards: dict[int, Reward]
) -> Pledge:
    now = clock.now()
    backer = backing.find_or_make(cooperative, email=request.email, name=request.name, language=request.language)
    if not backer.pledges.filter(state=PledgeState.CONFIRMED).exists():
        backing.follow(backer, name=request.name, language=request.language)
    pledge = Pledge.objects.create(
        cooperative=cooperative,
        campaign=campaign,
        backer=backer,
        attempt=request.attempt,
        currency=campaign.currency,
        amount=request.total,
        extra=request.extra,
        language=request.language,
        via=request.via,
        wall=request.wall,
        wall_name="" if request.wall == Wall.NEITHER else request.name,
        created_at=now,
    )
    months = current_months(rewards.values())
    PledgeItem.objects.bulk_create(
        _item(pledge, rewards[one.reward_id], one.quantity, months[one.reward_id]) for one in request.chosen
    )
    PledgeConsent.objects.create(
        pledge=pledge,
        text=request.consent_text,
        text_version=request.consent_version,
        language=request.consent_language or request.language,
        max_amount=request.total,
        currency=campaign.currency,
        given_at=now,
    )
    if request.news_text:
        backing.grant_news(backer, campaign.translation_key, text=request.news_text, language=request.language)
    return pledge


def _item(pledge: Pledge, reward: Reward, quantity: int, month: date) -> PledgeItem:
    """What is promised is the month shown today, even where the tier's first one has moved."""
    nothing = reward.handover == "nothing"
    return PledgeItem(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        reward=reward,
        quantity=quantity,
        unit_amount=reward.amount,
        unit_taxable=reward.taxable,
        title_fr=reward.title_fr or reward.title_en,
        title_en=reward.title_en or reward.title_fr,
        first_month=month,
        handover=reward.handover,
        state=FulfilmentState.NOT_APPLICABLE if nothing else FulfilmentState.NOT_STARTED,
    )


def _new_checkout(pledge: Pledge, purpose: CheckoutPurpose, payment: Payment | None = None) -> Checkout:
    now = clock.now()
    return Checkout.objects.create(
        cooperative_id=pledge.cooperative_id,
        pledge=pledge,
        payment=payment,
        purpose=purpose,
        created_at=now,
        expires_at=now + PAGE_LASTS,
    )


def confirm_promise(checkout: Checkout, card: Card) -> bool:
    """The card of an all-or-nothing promise is saved. False if that was known already."""
    with transaction.atomic():
        if not _complete(checkout):
            return False
        pledge = _confirm(
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
        pledge = _confirm(checkout, card_last4=intent.card.last4 if intent.card else "")
        if (intent.amount, intent.currency) != (pledge.amount, pledge.currency):
            raise ValueError(f"Pledge {pledge.pk} is of {pledge.amount}, and {intent.amount} was paid.")
        payment = Payment.objects.create(
            cooperative_id=pledge.cooperative_id,
            pledge=pledge,
            state=PaymentState.PAID,
            currency=intent.currency,
            amount=intent.amount,
            taxable=taxes.taxable_part(pledge.items.all()),
            commission=intent.commission,
            processing_fee=intent.fee,
            stripe_intent=intent.id,
            stripe_charge=intent.charge,
            created_at=clock.now(),
            paid_at=clock.now(),
        )
        ledger.record_payment(payment, clock.now())
        if intent.fee is not None:
            ledger.record_fee(payment, intent.fee, clock.now())
        outbox.queue(
            kind_of("contribution_receipt"), cooperative=pledge.cooperative, subject_key=pledge.key, to=pledge.backer
        )
    return True


def _complete(checkout: Checkout) -> bool:
    unfinished = Checkout.objects.filter(pk=checkout.pk, state__in=[CheckoutState.OPENING, CheckoutState.OPEN])
    return bool(unfinished.update(state=CheckoutState.COMPLETE, ended_at=clock.now()))


def _confirm(checkout: Checkout, **card: object) -> Pledge:
    """The campaign's row is held before the stock, as publishing takes them: neither waits for the other."""
    lifecycle.keep_open(checkout.pledge.campaign_id)
    moved = Pledge.objects.filter(pk=checkout.pledge_id, state=PledgeState.PENDING).update(
        state=PledgeState.CONFIRMED, confirmed_at=clock.now(), **card
    )
    if not moved:
        raise RuntimeError(f"Pledge {checkout.pledge_id} was paid for, and is no longer pending.")
    for item in PledgeItem.objects.filter(pledge_id=checkout.pledge_id).order_by("reward_id"):
        stock.confirm(item.reward_id, item.quantity)
    _follow_language(checkout)
    return Pledge.objects.select_related("cooperative__site", "backer", "campaign").get(pk=checkout.pledge_id)


def _follow_language(checkout: Checkout) -> None:
    pledge = Pledge.objects.select_related("backer").get(pk=checkout.pledge_id)
    backing.follow(pledge.backer, name=pledge.backer.name, language=pledge.language)


def keep_new_card(checkout: Checkout, card: Card) -> bool:
    """Another card was given for a payment that could not be made. False if known already."""
    with transaction.atomic():
        if not _complete(checkout):
            return False
        Pledge.objects.filter(pk=checkout.pledge_id).update(
            payment_method=card.payment_method, card_last4=card.last4, card_expires=card.expires
        )
    return True


def lapse(checkout: Checkout) -> bool:
    """The page is known to be over, unpaid: the stock is free again. False if that was known already."""
    with transaction.atomic():
        unfinished = Checkout.objects.filter(pk=checkout.pk, state__in=[CheckoutState.OPENING, CheckoutState.OPEN])
        if not unfinished.update(state=CheckoutState.EXPIRED, ended_at=clock.now()):
            return False
        if checkout.purpose == CheckoutPurpose.MEND:
            return True
        lifecycle.keep_open(checkout.pledge.campaign_id)
        pending = Pledge.objects.filter(pk=checkout.pledge_id, state=PledgeState.PENDING)
        if pending.update(state=PledgeState.LAPSED, ended_at=clock.now()):
            for item in PledgeItem.objects.filter(pledge_id=checkout.pledge_id).order_by("reward_id"):
                stock.release_held(item.reward_id, item.quantity)
    return True


def may_cancel(pledge: Pledge, at: datetime) -> bool:
    """Until the deadline, while the campaign is live."""
    return pledge.state == PledgeState.CONFIRMED and lifecycle.takes_pledges(pledge.campaign, at)


def cancel(pledge: Pledge) -> bool:
    """At the backer's wish, before the deadline. A paid contribution is refunded whole. False if it is too late."""
    with transaction.atomic():
        campaign = lifecycle.keep_open(pledge.campaign_id)
        if not lifecycle.takes_pledges(campaign, clock.now()):
            return False
        confirmed = Pledge.objects.filter(pk=pledge.pk, state=PledgeState.CONFIRMED)
        if not confirmed.update(state=PledgeState.CANCELLED, ended_at=clock.now()):
            return False
        Pledge.objects.filter(pk=pledge.pk, card_state=CardState.KEPT).update(card_state=CardState.TO_DETACH)
        for item in pledge.items.order_by("reward_id"):
            stock.release_promised(item.reward_id, item.quantity)
        payment = Payment.objects.filter(pledge=pledge, part=0, state=PaymentState.PAID).first()
        if payment:
            _refund_whole(payment)
        outbox.queue(
            kind_of("pledge_cancelled"), cooperative=pledge.cooperative, subject_key=pledge.key, to=pledge.backer
        )
        transaction.on_commit(_nudge_after_cancel)
    return True


def _refund_whole(payment: Payment) -> Refund:
    return Refund.objects.create(
        cooperative_id=payment.cooperative_id,
        payment=payment,
        state=RefundState.DUE,
        amount=payment.amount,
        commission=payment.commission,
        currency=payment.currency,
        reason=RefundReason.CANCELLED,
        created_at=clock.now(),
    )


def _nudge_after_cancel() -> None:
    from pledges.tasks import forget_cards, make_refunds  # noqa: PLC0415 (tasks import this module)

    forget_cards.enqueue()
    make_refunds.enqueue()


def mend_checkout(payment: Payment) -> Checkout:
    """A page to give another card for a payment that could not be made."""
    return _new_checkout(payment.pledge, CheckoutPurpose.MEND, payment)


def commission_for(pledge: Pledge) -> int:
    return commission_on(pledge.amount, pledge.cooperative)
