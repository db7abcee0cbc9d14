"""Tasks and periodic work of this room: ids in, fetch, delegate. The rows are the truth, a task is a hint."""

import logging
from datetime import timedelta

from django.db.models import QuerySet
from django_tasks import task

from campaigns.models import Campaign
from home import clock
from home.models import Cooperative
from home.tenancy import across_cooperatives, within
from home.ticking import periodic
from pledges import (
    before_charge,
    charging,
    checkout,
    completing,
    erasing,
    gateway,
    grace,
    lanes,
    last_hours,
    mending,
    money_counts,
    payouts,
    polling,
    refunds,
    saved_cards,
    settlement,
    webhooks,
)
from pledges.enums import CheckoutPurpose, CheckoutState, PaymentState, RefundState
from pledges.models import Checkout, Payment, Refund
from pledges.tallies import folding

log = logging.getLogger(__name__)


@task()
def settle_campaign(campaign_id: int, lane: int, token: str) -> None:
    """One batch of a settlement; the task of its lane's next one is enqueued at the end."""
    with across_cooperatives():
        campaign = Campaign.objects.select_related("cooperative__site").get(pk=campaign_id)
    with within(campaign.cooperative):
        entered = lanes.enter(campaign, lane, token)
        if entered is None:
            return
        more = settlement.work(campaign)
        if lanes.leave(campaign, lane, entered, more=more):
            settle_campaign.enqueue(campaign_id, lane, entered)
        if more:
            _share_out(campaign)


def _share_out(campaign: Campaign) -> None:
    for lane, token in lanes.wake(campaign, settlement.workers_wanted(campaign)):
        settle_campaign.enqueue(campaign.pk, lane, token)


@task()
def count_money(campaign_id: int) -> None:
    with across_cooperatives():
        campaign = Campaign.objects.select_related("cooperative").get(pk=campaign_id)
    with within(campaign.cooperative):
        money_counts.keep(campaign)


@periodic("sums of many contributions", every=timedelta(minutes=1))
def nudge_money_counts() -> None:
    for campaign_id in money_counts.due():
        count_money.enqueue(campaign_id)


@task()
def handle_event(event_id: int) -> None:
    webhooks.handle(event_id)


@task()
def handle_waiting_events() -> None:
    webhooks.handle_waiting()


@task()
def poll_platform() -> None:
    polling.poll_platform()


@task()
def poll_cooperative(cooperative_id: int) -> None:
    """Events that never came, and lines of transfers that came before their rows.

    One account that does not answer keeps no other waiting: it is asked again later.
    """
    cooperative = Cooperative.objects.select_related("site").get(pk=cooperative_id)
    with within(cooperative):
        payouts.name_lines(cooperative)
        polling.poll_cooperative(cooperative)


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
        rows = _unknown_fees().select_related("cooperative", "pledge__backer", "pledge__cooperative__site")
        unknown = list(rows[:500])
    for payment in unknown:
        with within(payment.cooperative):
            _learn_fee(payment)


def _unknown_fees() -> QuerySet[Payment]:
    paid = Payment.objects.filter(state=PaymentState.PAID, processing_fee=None).exclude(stripe_intent="")
    return paid.filter(cooperative__disconnected_at=None)


def _learn_fee(payment: Payment) -> None:
    """One that cannot be learned now keeps no other waiting."""
    try:
        charging.refresh(payment)
    except gateway.GatewayError as error:
        log.warning("the fee of payment %s is not known yet: %s", payment.pk, error)


@task()
def attend_grace(settlement_id: int) -> None:
    with across_cooperatives():
        settlement = grace.running().filter(pk=settlement_id).first()
    if settlement is not None:
        grace.attend(settlement)


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


@periodic("tallies", every=timedelta(seconds=10))
def fold_tallies() -> None:
    """What was tallied since, so that a total is of few rows however many contributions came in."""
    folding.fold()


@periodic("settlement", every=timedelta(seconds=15))
def nudge_settlement() -> None:
    with across_cooperatives():
        campaigns = list(settlement.unsettled())
    for campaign in campaigns:
        with within(campaign.cooperative):
            _share_out(campaign)


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
    if webhooks.waiting().filter(received_at__lte=late).exists():
        handle_waiting_events.enqueue()


@periodic("missed events", every=timedelta(minutes=5))
def nudge_polling() -> None:
    poll_platform.enqueue()
    for cooperative_id in Cooperative.objects.exclude(stripe_account="").values_list("id", flat=True):
        poll_cooperative.enqueue(cooperative_id)


@periodic("refunds and cards", every=timedelta(seconds=30))
def nudge_refunds_and_cards() -> None:
    with across_cooperatives():
        if Refund.objects.filter(refunds.makeable(), state=RefundState.DUE).exists():
            make_refunds.enqueue()
        if saved_cards.due_pledges().exists() or saved_cards.due_cards().exists():
            forget_cards.enqueue()
        if _unknown_fees().exists():
            learn_fees.enqueue()


@periodic("grace", every=timedelta(minutes=1))
def nudge_grace() -> None:
    with across_cooperatives():
        ids = list(grace.running().values_list("id", flat=True))
    for settlement_id in ids:
        attend_grace.enqueue(settlement_id)


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
