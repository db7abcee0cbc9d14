"""Figures of this room for Prometheus: settlements, refunds, Stripe's events."""

from collections.abc import Iterator
from itertools import islice

from django.db.models import Max, Min
from prometheus_client.core import GaugeMetricFamily

from home.metrics.registry import MOST, PREFIX, age, count, gauge, measure
from home.tenancy import across_cooperatives
from pledges.enums import PaymentState, RefundState
from pledges.models import EventPoll, Payment, Refund, Settlement, StripeEvent

#: Of how many running settlements the progress is given, and of how many events the delay.
SETTLEMENTS, LATEST_EVENTS = 20, 100


@measure
def settlements() -> Iterator[GaugeMetricFamily]:
    """Of those that are not finished."""
    due = GaugeMetricFamily(
        PREFIX + "settlement_payments", f"Payments of it, up to {MOST}.", labels=["campaign", "state"]
    )
    since: dict[str, float] = {}
    with across_cooperatives():
        running = Settlement.objects.filter(finished_at=None).order_by("pk")
        for settlement in islice(running, SETTLEMENTS):
            campaign = str(settlement.campaign_id)
            since[campaign] = age(settlement.started_at)
            payments = Payment.objects.filter(pledge__campaign=settlement.campaign_id)
            for state in (PaymentState.DUE, PaymentState.PAID):
                due.add_metric([campaign, str(state)], count(payments.filter(state=state)))
    yield due
    yield gauge("settlement_age_seconds", "Since a settlement that is not finished began.", since, by="campaign")


@measure
def refunds() -> Iterator[GaugeMetricFamily]:
    with across_cooperatives():
        waiting = {
            str(state): float(count(Refund.objects.filter(state=state)))
            for state in (RefundState.TO_APPROVE, RefundState.DUE, RefundState.FAILED)
        }
    yield gauge(
        "refunds", f"Refunds that somebody, or Stripe, has still to do with, up to {MOST}.", waiting, by="state"
    )


@measure
def events() -> Iterator[GaugeMetricFamily]:
    """How far behind Stripe we are."""
    waiting = StripeEvent.objects.filter(handled_at=None).order_by("attempts", "id")
    some = waiting.values("pk")[:MOST]
    seen = StripeEvent.objects.filter(pk__in=some).aggregate(oldest=Min("received_at"), attempts=Max("attempts"))
    latest = StripeEvent.objects.order_by("-pk").values_list("received_at", "handled_at")[:LATEST_EVENTS]
    lags = [(handled - received).total_seconds() for received, handled in latest if handled]
    polled = EventPoll.objects.aggregate(at=Min("polled_at"))["at"]
    yield gauge("events_waiting", f"Events of Stripe that are not handled, up to {MOST}.", count(waiting))
    yield gauge("event_age_seconds", "How long the oldest of them waits.", age(seen["oldest"]))
    yield gauge("event_attempts", "How often the most stubborn of them was tried.", seen["attempts"] or 0)
    yield gauge("event_lag_seconds", "The longest that one of the latest took from its coming.", max(lags, default=0.0))
    yield gauge(
        "events_polled_age_seconds", "Since the account asked least recently was asked for events.", age(polled)
    )
