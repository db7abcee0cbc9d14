"""The last ones of a tier, wanted by far more people at once than there are: sold exactly, whatever the database.

Each process is a web worker: it begins pledges and opens their pages at the double. A control run swaps the conditional
UPDATE for a read and a write in those processes alone, and must oversell: else the race would prove nothing.
"""

import os
import sqlite3
import time
from collections import Counter
from functools import partial

import pytest
from django.db import connection, connections
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.models import Sum

from campaigns import stock
from campaigns.models import Campaign, RewardStock
from home import clock
from home.tenancy import within
from pledges import checkout, pledging
from pledges.choosing import PledgeRefused
from pledges.enums import CheckoutState, PledgeState
from pledges.models import Checkout, Pledge, PledgeItem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.requests import pledge_request
from tests.killing import run_all

BUYERS = int(os.environ.get("BUYERS", "2000"))
PROCESSES = 4
LIMIT = 100


def limited(shop, limit):
    campaign = make_campaign(shop, tiers=[tier("La dernière", 5000, limit=limit)], bilingual=False)
    return campaign, campaign.rewards.get()


def buy(shop, campaign_id, numbers, outcomes, *, opens):
    """What a web worker does for some buyers; one line of outcome each, in a file of its own."""
    with within(shop), outcomes.open("a") as file:
        campaign = Campaign.objects.select_related("cooperative__site").get(pk=campaign_id)
        reward = campaign.rewards.get()
        for number in numbers:
            request = pledge_request(campaign, (reward, 1), email=f"buyer{number}@example.com")
            try:
                row = pledging.begin(shop, request)
                if opens:
                    checkout.open_page(row)
                outcome = "held"
            except PledgeRefused as refused:
                outcome = refused.code
            except Exception as error:
                outcome = repr(error)
            file.write(outcome + "\n")


def race(shop, campaign, buyers, folder, *, before=None, opens=True, first=0):
    """All at once in four processes; how often each outcome came."""

    def worker(share):
        if before:
            before()
        numbers = range(first + share, first + buyers, PROCESSES)
        buy(shop, campaign.pk, numbers, folder / f"outcomes-{first}-{share}", opens=opens)

    assert run_all(*[partial(worker, share) for share in range(PROCESSES)]) == [0] * PROCESSES
    lines = [line for path in folder.glob(f"outcomes-{first}-*") for line in path.read_text().splitlines()]
    assert len(lines) == buyers
    return Counter(lines)


def finish(shop, ids):
    with within(shop):
        for row in Checkout.objects.filter(pk__in=ids):
            checkout.end(row)


def deadlocks():
    with connection.cursor() as cursor:
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def sold():
    items = PledgeItem.objects.filter(pledge__state__in=[PledgeState.PENDING, PledgeState.CONFIRMED])
    return items.aggregate(total=Sum("quantity"))["total"] or 0


def read_then_write():
    """In this process alone: what stock would be without the condition in the UPDATE."""

    def take(reward, quantity):
        row = RewardStock.objects.get(pk=reward.pk)
        if row.limit - row.held - row.promised < quantity:
            return False
        time.sleep(0.001)  # the time between a page that reads and the write that follows
        row.held += quantity
        row.save()
        return True

    stock.take = take


@pytest.fixture
def scoped(shop, settings, tmp_path):
    settings.CLOCK_FILE = tmp_path / "clock"
    with within(shop):
        yield shop


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_thousands_want_a_hundred(scoped, stripe_double, tmp_path, capsys):
    campaign, _reward = limited(scoped, LIMIT)
    before, began = deadlocks(), time.monotonic()
    assert race(scoped, campaign, BUYERS, tmp_path) == {"held": LIMIT, "sold_out": BUYERS - LIMIT}
    took = time.monotonic() - began
    assert (RewardStock.objects.get().held, sold()) == (LIMIT, LIMIT)

    pages = list(Checkout.objects.order_by("id"))
    for row in pages[:70]:
        stripe_double.pay(row.stripe_session)
    shares = [[row.pk for row in pages[share::PROCESSES]] for share in range(PROCESSES)]
    clock.advance(pledging.HOLD)
    assert run_all(*[partial(finish, scoped, share) for share in shares]) == [0] * PROCESSES
    assert Counter(Checkout.objects.values_list("state", flat=True)) == {
        CheckoutState.COMPLETE: 70,
        CheckoutState.EXPIRED: 30,
    }
    box = RewardStock.objects.get()
    assert (box.held, box.promised) == (0, 70)

    again = race(scoped, campaign, 60, tmp_path, first=10_000)
    assert again == {"held": 30, "sold_out": 30}
    for row in Checkout.objects.filter(state=CheckoutState.OPEN):
        stripe_double.pay(row.stripe_session)
        checkout.finish(row)
    box = RewardStock.objects.get()
    assert (box.held, box.promised, sold(), deadlocks() - before) == (0, LIMIT, LIMIT, 0)
    assert Pledge.objects.filter(state=PledgeState.CONFIRMED).count() == LIMIT
    with capsys.disabled():
        print(f"\n{BUYERS} buyers in {PROCESSES} processes: {LIMIT} sold in {took:.0f} s.")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_without_the_condition_in_the_update_the_same_race_oversells(scoped, tmp_path):
    campaign, _reward = limited(scoped, LIMIT)
    outcomes = race(scoped, campaign, 400, tmp_path, before=read_then_write, opens=False)
    assert outcomes["held"] == sold() > LIMIT


# The same where the database is a file


@pytest.fixture
def on_file(scoped, stripe_double, tmp_path):
    """A copy of the tests' database in a file, as `make run` has it: the processes of a race connect to that."""
    if connection.vendor != "sqlite":
        pytest.skip("this is about SQLite")
    path = tmp_path / "race.sqlite3"

    def copy():
        connection.ensure_connection()
        with sqlite3.connect(path) as target:
            connection.connection.backup(target)
        sqlite3.connect(path).execute("PRAGMA journal_mode=WAL").close()

    def connect():
        connections["default"] = DatabaseWrapper(connection.settings_dict | {"NAME": str(path)}, "default")

    return path, copy, connect


def counted(path):
    with sqlite3.connect(path) as database:
        held = database.execute("SELECT held, promised FROM campaigns_rewardstock").fetchall()
        waiting = database.execute("SELECT count(*) FROM pledges_pledge WHERE state='pending'").fetchone()[0]
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return held, waiting


@pytest.mark.django_db(transaction=True)
def test_a_hundred_want_ten_on_sqlite(on_file, scoped, tmp_path):
    path, copy, connect = on_file
    campaign, _reward = limited(scoped, 10)
    copy()
    assert race(scoped, campaign, 100, tmp_path, before=connect) == {"held": 10, "sold_out": 90}
    assert counted(path) == ([(10, 0)], 10)
