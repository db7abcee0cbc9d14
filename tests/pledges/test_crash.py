"""Killed and resumed, raced and doubled: on PostgreSQL, with processes of their own."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from campaigns.enums import CampaignState
from campaigns.models import Campaign, RewardStock
from config import ROOT
from home import clock
from home.models import OutgoingMail
from home.tenancy import within
from pledges import checkout, pledging, settlement, tasks, webhooks
from pledges.choosing import PledgeRefused
from pledges.enums import PaymentState, PledgeState
from pledges.models import Checkout, Payment, Pledge
from tests.factories.campaigns import end_now, make_campaign, tier
from tests.factories.requests import pledge_request
from tests.pledges.many import promise_many
from tests.threads import in_threads, scoped

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def product_clock(settings, tmp_path, shop):
    settings.CLOCK_FILE = tmp_path / "clock"
    with within(shop):
        yield


@pytest.fixture
def campaign(shop):
    return make_campaign(shop, goal=100_000, tiers=[tier("Le sac", 2000), tier("La boîte", 5000, limit=400)])


def promise(campaign, double, number, *, pay=True):
    rewards = list(campaign.rewards.all())
    chosen = [(rewards[number % 2], 1 + number % 3)]
    row = pledging.begin(campaign.cooperative, pledge_request(campaign, *chosen, email=f"b{number}@example.com"))
    checkout.open_page(row)
    if pay:
        double.pay(row.stripe_session)
    return row


def start_worker(settings):
    environment = os.environ | {
        "PGDATABASE": connection.settings_dict["NAME"],
        "DJANGO_SETTINGS_MODULE": "config.settings.test",
        "STRIPE_API_BASE": settings.STRIPE_API_BASE,
        "TREMPLIN_CLOCK": str(settings.CLOCK_FILE),
        "EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend",
    }
    command = [sys.executable, "manage.py", "db_worker", "--queue-name", "*", "--interval", "0.1"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_until(condition, seconds=90):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def test_workers_killed_one_and_two_at_a_time_charge_everyone_once(campaign, shop, stripe_double, settings):
    """The command itself, with the tasks that dead workers left; test_killed_settlements kills more, in forks."""
    promise_many(campaign, stripe_double, 120)
    end_now(campaign)

    def charged():
        return Payment.objects.filter(state=PaymentState.PAID).count()

    for workers in (1, 2, 2):
        before = charged()
        tasks.nudge_settlement()
        running = [start_worker(settings) for _ in range(workers)]
        wait_until(lambda before=before: charged() > before)
        time.sleep(random.uniform(0, 0.25))
        for worker in running:
            os.kill(worker.pid, signal.SIGKILL)
            worker.wait(10)
        clock.advance(settlement.LEASE + timedelta(seconds=1))
    assert charged() < 120, "the kills came too late to prove anything"
    tasks.nudge_settlement()
    worker = start_worker(settings)
    wait_until(lambda: charged() == 120)
    worker.terminate()
    worker.wait(30)
    journal = stripe_double.journal(shop.stripe_account, "charge")
    charges = {int(line["metadata"]["tremplin_pledge"]): line["amount"] for line in journal}
    assert (charges, len(journal)) == (dict(Pledge.objects.values_list("pk", "amount")), 120)
    assert OutgoingMail.objects.filter(kind="goal_met_charged").count() == 120
    call_command("check_ledger")


def test_return_page_and_webhook_raced_confirm_once(campaign, shop, stripe_double):
    rows = [promise(campaign, stripe_double, number) for number in range(100)]
    events = stripe_double.events(shop.stripe_account, "checkout.session.completed")
    assert len(events) == 100
    for number, (row, (payload, signature)) in enumerate(zip(rows, events, strict=True)):

        def by_event(payload=payload, signature=signature):
            webhooks.receive(payload, signature)
            webhooks.handle_waiting()

        both = [scoped(shop, checkout.finish, row), by_event]
        assert in_threads(*(both if number % 2 else both[::-1])) == []
    assert Pledge.objects.filter(state=PledgeState.CONFIRMED).count() == 100
    assert OutgoingMail.objects.filter(kind="pledge_confirmed").count() == 100
    box = RewardStock.objects.get()
    expected = sum(item.quantity for row in rows for item in row.pledge.items.filter(reward=box.reward_id))
    assert (box.held, box.promised) == (0, expected)


@pytest.mark.parametrize("paid", [True, False])
def test_a_page_in_its_last_second_is_either_paid_or_free(paid, campaign, shop, stripe_double):
    row = promise(campaign, stripe_double, 1, pay=False)
    stripe_double.advance(seconds=35 * 60 - 1 - 5)
    if paid:
        stripe_double.pay(row.stripe_session)
    stripe_double.advance(seconds=60)
    clock.advance(timedelta(minutes=36))
    assert in_threads(*[scoped(shop, checkout.end, Checkout.objects.get(pk=row.pk)) for _ in range(3)]) == []
    box = RewardStock.objects.get()
    state = Pledge.objects.get().state
    assert (state, box.held, box.promised) == ((PledgeState.CONFIRMED, 0, 2) if paid else (PledgeState.LAPSED, 0, 0))


def test_the_last_ones_are_sold_once_to_many_at_once(shop, stripe_double):
    campaign = make_campaign(shop, tiers=[tier("La dernière", 5000, limit=5)])
    reward = campaign.rewards.get()
    outcomes = []

    def buy(number):
        try:
            pledging.begin(shop, pledge_request(campaign, (reward, 1), email=f"x{number}@example.com"))
            outcomes.append("held")
        except PledgeRefused as refused:
            outcomes.append(refused.code)

    assert in_threads(*[scoped(shop, buy, number) for number in range(20)]) == []
    assert sorted(outcomes) == ["held"] * 5 + ["sold_out"] * 15
    assert RewardStock.objects.get().held == 5


def test_no_pledge_slips_past_a_campaign_that_closes(shop, stripe_double):
    """Pledges being written as the campaign closes are either seen by the closing, or refused."""
    for round_number in range(10):
        campaign = make_campaign(shop, title=f"Tour {round_number}", bilingual=False)
        fresh = Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk)
        accepted, seen = [], []

        def buy(number, campaign=campaign, accepted=accepted):
            try:
                pledging.begin(shop, pledge_request(campaign, email=f"y{number}@example.com"))
                accepted.append(number)
            except PledgeRefused as refused:
                assert refused.code == "closed"

        def close(fresh=fresh, seen=seen):
            end_now(fresh)
            settlement.lifecycle.close(fresh)
            seen.append(checkout.unfinished(fresh).count())

        assert in_threads(*[scoped(shop, buy, number) for number in range(6)], scoped(shop, close)) == []
        assert Campaign.objects.get(pk=campaign.pk).state == CampaignState.CLOSING
        assert seen == [len(accepted)]
