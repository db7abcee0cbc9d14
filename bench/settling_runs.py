"""What bench/settling.py runs: promises to settle, workers that share them, and a loop of nothing but the calls."""

from __future__ import annotations

import os
import resource
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import connection, connections

from bench.serving import Spent
from campaigns.models import Campaign
from home import clock
from home.models import Cooperative
from home.tenancy import across_cooperatives, within
from pledges import settlement
from pledges.enums import PaymentState
from pledges.gateway.client import _client, acting_on, client
from pledges.gateway.payments import EXPAND, OWN_ROW
from pledges.models import Payment, Pledge, RateBucket, Settlement
from tests.factories.campaigns import make_campaign, tier
from tests.factories.cooperatives import make_cooperative
from tests.pledges.many import promise_many
from tests.stripe_double import Double

#: As many backers as walk the whole way to the hosted page; the other promises are copies of theirs.
CUSTOMERS = 10
#: Seconds between two looks at whether there is something to do.
REST = 0.02


def founded(double: Double) -> Cooperative:
    """A cooperative whose account can charge."""
    shop: Cooperative = make_cooperative("meule")
    double.open_account(shop)
    return shop


def promised(shop: Cooperative, double: Double, count: int) -> Campaign:
    """An all-or-nothing campaign with so many promises, whose end has just come."""
    with within(shop):
        campaign: Campaign = make_campaign(
            shop, title=f"Une meule {uuid.uuid4()}", goal=5000, bilingual=False, tiers=[tier(handover="pickup")]
        )
        promise_many(campaign, double, count, customers=CUSTOMERS)
        Campaign.objects.filter(pk=campaign.pk).update(deadline=clock.now() - timedelta(seconds=1))
        _analyze()
        return Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk)


def _analyze() -> None:
    """Promises come in weeks, in which PostgreSQL takes note of them by itself; here they came at once."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def warm(shop: Cooperative, double: Double) -> None:
    """Go both ways once, as workers have that live for days: those of each turn are copies of this process."""
    settings.STRIPE_RATE_LIMIT, settings.STRIPE_RATE_SHARE = 1_000_000.0, 1.0
    _work(promised(shop, double, CUSTOMERS), 0)
    with across_cooperatives():
        promises = list(Pledge.objects.select_related("backer"))
    _call_all(shop.stripe_account, promises)


def settle(campaign: Campaign, workers: int, calls_per_second: float) -> float:
    """Seconds until all are charged, by so many processes; RuntimeError if one was not."""
    settings.STRIPE_RATE_LIMIT, settings.STRIPE_RATE_SHARE = calls_per_second, 1.0
    RateBucket.objects.all().delete()
    begun = time.perf_counter()
    _together([partial(_work, campaign, number) for number in range(workers)])
    took = time.perf_counter() - begun
    with across_cooperatives():
        unpaid = Payment.objects.filter(pledge__campaign=campaign).exclude(state=PaymentState.PAID).count()
        finished = Settlement.objects.filter(campaign=campaign).exclude(finished_at=None).exists()
    if unpaid or not finished:
        raise RuntimeError(f"{unpaid} payments were not made.")
    return took


def _work(campaign: Campaign, number: int) -> None:
    """As the lanes of a settlement do: one begins, the others come in once all payments are written.

    A lane that finds nothing to claim rests, and a tick wakes it: it asks for nothing meanwhile.
    """
    with across_cooperatives():
        prepared = Settlement.objects.filter(campaign=campaign).exclude(prepared_at=None)
        while number and not prepared.exists():
            time.sleep(REST)
        while not Settlement.objects.filter(campaign=campaign).exclude(finished_at=None).exists():
            settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))
            time.sleep(REST)


def call(campaign: Campaign, connections_open: int) -> float:
    """Seconds for the same calls and nothing else, over as many connections, each in a process of its own."""
    with across_cooperatives():
        promises = list(Pledge.objects.filter(campaign=campaign).select_related("backer"))
    account = campaign.cooperative.stripe_account
    shares = [promises[number::connections_open] for number in range(connections_open)]
    begun = time.perf_counter()
    _together([partial(_call_all, account, share) for share in shares])
    return time.perf_counter() - begun


def _call_all(account: str, promises: list[Pledge]) -> None:
    with across_cooperatives():
        stripe = client(account)
    for pledge in promises:
        stripe.v1.payment_intents.create(
            {
                "amount": pledge.amount,
                "currency": "cad",
                "customer": pledge.backer.stripe_customer,
                "payment_method": pledge.payment_method,
                "allowed_payment_method_types": ["card"],
                "off_session": True,
                "confirm": True,
                "metadata": {OWN_ROW: f"bare-{pledge.pk}", "tremplin_pledge": str(pledge.pk)},
                "expand": EXPAND,
                "application_fee_amount": 150,
            },
            acting_on(account, str(uuid.uuid4())),
        )


@contextmanager
def weighed() -> Iterator[Spent]:
    """What the workers or the loop take while a block runs, which ends after them."""
    spent, before = Spent(), _of_children()
    yield spent
    spent.cpu_ms = 1000 * (_of_children() - before)


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _together(works: list[Callable[[], None]]) -> None:
    """Each in a process of its own, which has the connections of nobody else. RuntimeError if one failed."""
    connections.close_all()
    children = [_fork(work) for work in works]
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    if any(codes):
        raise RuntimeError(f"Workers ended with {codes}.")


def _fork(work: Callable[[], None]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        _client.cache_clear()  # the sockets that it keeps open are the parent's
        work()
        code = 0
    except BaseException:  # noqa: BLE001 (the child ends here, whatever it was)
        traceback.print_exc()
    finally:
        connections.close_all()
        os._exit(code)
