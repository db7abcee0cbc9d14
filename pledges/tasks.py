"""Tasks and periodic work of this room: ids in, fetch, delegate. The rows are the truth, a task is a hint."""

import logging
from datetime import timedelta

from django_tasks import task

from campaigns.models import Campaign
from home import clock
from home.tenancy import across_cooperatives, within
from home.ticking import periodic
from pledges import (
    before_charge,
    charging,
    checkout,
    completing,
    erasing,
    gateway,
    last_hours,
    mending,
    refunds,
    saved_cards,
    settlement,
    webhooks,
)
from pledges.enums import CardState, CheckoutPurpose, CheckoutState, PaymentState, RefundState
from pledges.models import CardToForget, Checkout, Payment, Pledge, Refund, StripeEvent

log = logging.getLogger(__name__)


@task()
def settle_campaign(campaign_id: int) -> None:
    with across_cooperatives():
        campaign = Campaign.objects.select_related("cooperative__site").get(pk=campaign_id)
    settlement.settle(campaign)


@task()
def handle_event(event_id: int) -> None:
    webhooks.handle(event_id)


@task()
def handle_waiting_events() -> None:
    webhooks.handle_waiting()


@task()
def end_checkout(checkout_id: int) -> None:
    with across_cooperatives():
        row = Checkout.objects.select_related("cooperative").get(pk=checkout_id)
    with within(row.cooperative):
        if checkout.end(row) == CheckoutState.COMPLETE and row.purpose == CheckoutPurpose.MEND:
            mending.use_card(row)


@task()
def make_refunds() -> None:
    refunds.make_due()


@task()
def forget_cards() -> None:
    saved_cards.forget_due()


@task()
def learn_fees() -> None:
    with across_cooperatives():
        rows = Payment.objects.select_related("cooperative", "pledge__backer", "pledge__cooperative__site")
        unknown = list(rows.filter(state=PaymentState.PAID, processing_fee=None).exclude(stripe_intent="")[:500])
    for payment in unknown:
        with within(payment.cooperative):
            _learn_fee(payment)


def _learn_fee(payment: Payment) -> None:
    """One that cannot be learned now keeps no other waiting."""
    try:
        charging.refresh(payment)
    except gateway.GatewayError as error:
        log.warning("the fee of payment %s is not known yet: %s", payment.pk, error)


@task()
def tell_last_hours(campaign_id: int) -> None:
    with across_cooperatives():
        campaign = last_hours.near_their_end().filter(pk=campaign_id).first()
    if campaign is not None:
        last_hours.tell(campaign)


@task()
def tell_before_charge(campaign_id: int) -> None:
    with across_cooperatives():
        campaign = before_charge.near_their_charge().filter(pk=campaign_id).first()
    if campaign is not None:
        before_charge.tell(campaign)


@task()
def finish_erasing() -> None:
    erasing.finish_due()


@task()
def move_on(campaign_id: int) -> None:
    with across_cooperatives():
        campaign = completing.settled().filter(pk=campaign_id).first()
    if campaign is not None:
        completing.move_on(campaign)


@periodic("settlement", every=timedelta(seconds=15))
def nudge_settlement() -> None:
    with across_cooperatives():
        ids = list(settlement.unsettled().values_list("id", flat=True))
    for campaign_id in ids:
        settle_campaign.enqueue(campaign_id)


@periodic("checkouts", every=timedelta(seconds=30))
def nudge_checkouts() -> None:
    with across_cooperatives():
        pages = [checkout.overdue(), mending.unused_cards()]
        ids = [pk for some in pages for pk in some.order_by("id").values_list("id", flat=True)[:200]]
    for checkout_id in ids:
        end_checkout.enqueue(checkout_id)


@periodic("events", every=timedelta(seconds=30))
def nudge_events() -> None:
    late = clock.now() - timedelta(seconds=20)
    if StripeEvent.objects.filter(handled_at=None, received_at__lte=late).exists():
        handle_waiting_events.enqueue()


@periodic("refunds and cards", every=timedelta(seconds=30))
def nudge_refunds_and_cards() -> None:
    with across_cooperatives():
        if Refund.objects.filter(state=RefundState.DUE).exists():
            make_refunds.enqueue()
        due = Pledge.objects.filter(card_state=CardState.TO_DETACH), CardToForget.objects.filter(forgotten_at=None)
        if any(rows.exists() for rows in due):
            forget_cards.enqueue()
        if Payment.objects.filter(state=PaymentState.PAID, processing_fee=None).exclude(stripe_intent="").exists():
            learn_fees.enqueue()


@periodic("last hours", every=timedelta(minutes=5))
def nudge_last_hours() -> None:
    with across_cooperatives():
        ids = list(last_hours.near_their_end().values_list("id", flat=True))
    for campaign_id in ids:
        tell_last_hours.enqueue(campaign_id)


@periodic("after the end", every=timedelta(minutes=5))
def nudge_after_the_end() -> None:
    with across_cooperatives():
        ids = list(completing.settled().values_list("id", flat=True))
    for campaign_id in ids:
        move_on.enqueue(campaign_id)


@periodic("before the debit", every=timedelta(minutes=15))
def nudge_before_charge() -> None:
    with across_cooperatives():
        ids = list(before_charge.near_their_charge().values_list("id", flat=True))
    for campaign_id in ids:
        tell_before_charge.enqueue(campaign_id)


@periodic("erased data", every=timedelta(minutes=1))
def nudge_erasing() -> None:
    if erasing.is_due():
        finish_erasing.enqueue()
