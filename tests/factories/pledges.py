"""Pledges as they stand once the real path was walked: items, consent, checkout, payment, ledger and stock agree."""

import itertools
import uuid
from datetime import date

from campaigns import queries, stock
from campaigns.models import Reward
from home import backing, clock
from home.tenancy import within
from pledges import ledger
from pledges.commission import commission_on
from pledges.enums import (
    CardState,
    CheckoutPurpose,
    CheckoutState,
    FulfilmentState,
    PaymentState,
    PledgeState,
    RefundState,
)
from pledges.models import Checkout, Payment, PaymentAttempt, Pledge, PledgeConsent, PledgeItem, Refund

_numbers = itertools.count(1)

#: What the pages said when the pledge's state was reached.
CHECKOUTS = {PledgeState.PENDING: CheckoutState.OPEN, PledgeState.LAPSED: CheckoutState.EXPIRED}

ENDED = {PledgeState.LAPSED, PledgeState.CANCELLED, PledgeState.GOAL_MISSED, PledgeState.DROPPED}

#: What the end of a pledge gives back to the stock; a missed goal gives nothing back, as nothing is on sale then.
RELEASED = ENDED - {PledgeState.GOAL_MISSED}


def make_backer(cooperative, *, name="Rosalie Tremblay", email=None, language="fr"):
    """A backer of a cooperative; an address of its own unless told."""
    with within(cooperative):
        return backing.find_or_make(
            cooperative, email=email or f"contrib{next(_numbers)}@courriel.example", name=name, language=language
        )


def make_pledge(
    campaign,
    *,
    rewards=None,
    state=PledgeState.CONFIRMED,
    paid=True,
    payment_state=None,
    fee=None,
    backer=None,
    backer_name="Rosalie Tremblay",
    email=None,
    language="fr",
    extra=0,
    via="",
):
    """One pledge. `rewards`: (reward, quantity) pairs; None is one of the first tier, `[]` with `extra` a gift.

    A CONFIRMED one is PAID unless `paid=False` (a promise without payment) or `payment_state` says where its payment
    stands. `fee`: the processing fee in cents; None leaves it unknown. A CANCELLED one that was paid: see make_refund.
    """
    with within(campaign.cooperative):
        chosen = [(campaign.rewards.order_by("position").first(), 1)] if rewards is None else list(rewards)
        if backer is None:
            backer = make_backer(campaign.cooperative, name=backer_name, email=email, language=language)
        pledge = _write_pledge(campaign, backer, chosen, state=state, language=language, extra=extra, via=via)
        _move_stock(chosen, state)
        _write_checkout(pledge)
        wanted = payment_state or (PaymentState.PAID if paid and state == PledgeState.CONFIRMED else None)
        if wanted:
            make_payment(pledge, wanted, fee=fee)
        return pledge


def _write_pledge(campaign, backer, chosen, *, state, language, extra, via):
    now = clock.now()
    total = extra + sum(reward.amount * quantity for reward, quantity in chosen)
    card = campaign.is_all_or_nothing and state not in {PledgeState.PENDING, PledgeState.LAPSED}
    pledge = Pledge.objects.create(
        cooperative=campaign.cooperative,
        campaign=campaign,
        backer=backer,
        state=state,
        currency=campaign.currency,
        amount=total,
        extra=extra,
        language=language,
        via=via,
        created_at=now,
        confirmed_at=None if state in {PledgeState.PENDING, PledgeState.LAPSED} else now,
        ended_at=now if state in ENDED else None,
        card_state=(CardState.DETACHED if state in ENDED else CardState.KEPT) if card else CardState.NONE,
        payment_method=f"pm_{uuid.uuid4().hex[:12]}" if card else "",
        card_last4="4242" if card else "",
        card_expires=date(2032, 12, 1) if card else None,
    )
    for reward, _quantity in chosen:
        queries.freeze(reward, now)
    PledgeItem.objects.bulk_create(_item(pledge, reward, quantity) for reward, quantity in chosen)
    PledgeConsent.objects.create(
        pledge=pledge,
        text="J’accepte que ma carte soit débitée si l’objectif est atteint.",
        text_version="2026-11",
        language=language,
        max_amount=total,
        currency=campaign.currency,
        given_at=now,
    )
    return pledge


def _item(pledge, reward, quantity):
    nothing = reward.handover == "nothing"
    return PledgeItem(
        cooperative=pledge.cooperative,
        pledge=pledge,
        reward=reward,
        quantity=quantity,
        unit_amount=reward.amount,
        unit_taxable=reward.taxable,
        title_fr=reward.title_fr or reward.title_en,
        title_en=reward.title_en or reward.title_fr,
        first_month=reward.estimated_delivery,
        handover=reward.handover,
        state=FulfilmentState.NOT_APPLICABLE if nothing else FulfilmentState.NOT_STARTED,
    )


def _move_stock(chosen, state):
    if state in RELEASED:
        return
    for reward, quantity in sorted(chosen, key=lambda pair: pair[0].pk):
        if not stock.take(Reward.objects.get(pk=reward.pk), quantity):
            raise ValueError(f"Not enough of {reward} is left for this pledge.")
        if state != PledgeState.PENDING:
            stock.confirm(reward.pk, quantity)


def _write_checkout(pledge):
    now = clock.now()
    state = CHECKOUTS.get(pledge.state, CheckoutState.COMPLETE)
    purpose = CheckoutPurpose.SAVE_CARD if pledge.campaign.is_all_or_nothing else CheckoutPurpose.PAY
    return Checkout.objects.create(
        cooperative=pledge.cooperative,
        pledge=pledge,
        purpose=purpose,
        state=state,
        stripe_session=f"cs_{uuid.uuid4().hex[:12]}",
        created_at=now,
        expires_at=now,
        ended_at=None if state == CheckoutState.OPEN else now,
    )


def make_payment(pledge, state=PaymentState.PAID, *, fee=None):
    """The payment of a pledge, with one attempt; the ledger follows if it is PAID."""
    with within(pledge.cooperative):
        now, paid = clock.now(), state == PaymentState.PAID
        payment = Payment.objects.create(
            cooperative=pledge.cooperative,
            pledge=pledge,
            state=state,
            currency=pledge.currency,
            amount=pledge.amount,
            taxable=sum(item.taxable for item in pledge.items.all()),
            commission=commission_on(pledge.amount, pledge.cooperative),
            processing_fee=fee if paid else None,
            stripe_intent="" if state == PaymentState.DUE else f"pi_{uuid.uuid4().hex[:12]}",
            stripe_charge=f"ch_{uuid.uuid4().hex[:12]}" if paid else "",
            decline_code="card_declined" if state == PaymentState.MEND else "",
            created_at=now,
            paid_at=now if paid else None,
        )
        if pledge.campaign.is_all_or_nothing and state != PaymentState.DUE:
            _write_attempt(payment, "succeeded" if paid else payment.decline_code or "requires_action")
        if paid:
            ledger.record_payment(payment, now)
            if fee is not None:
                ledger.record_fee(payment, fee, now)
        return payment


def _write_attempt(payment, outcome):
    now = clock.now()
    PaymentAttempt.objects.create(
        payment=payment,
        number=1,
        payment_method=payment.pledge.payment_method,
        started_at=now,
        answered_at=now,
        outcome=outcome,
    )


def make_refund(payment, *, amount=None, commission=None, state=RefundState.DONE, reason="cancelled"):
    """A refund of a payment, whole unless told; the ledger follows if it is DONE."""
    with within(payment.cooperative):
        now, done = clock.now(), state == RefundState.DONE
        refund = Refund.objects.create(
            cooperative=payment.cooperative,
            payment=payment,
            state=state,
            amount=payment.amount if amount is None else amount,
            commission=payment.commission if commission is None else commission,
            currency=payment.currency,
            reason=reason,
            stripe_refund=f"re_{uuid.uuid4().hex[:12]}" if done else "",
            created_at=now,
            done_at=now if done else None,
        )
        if done:
            ledger.record_refund(refund, now)
        return refund


def payment_of(pledge):
    """Its first payment, wherever the test stands."""
    with within(pledge.cooperative):
        return pledge.payment
