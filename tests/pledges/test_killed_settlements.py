"""Settlements killed (SIGKILL) again and again, at any moment and at each named step: nobody is charged twice, nobody
is forgotten, nothing stays unknown, and the double's journal is our ledger.

`PLEDGES` and `KILLS` make the first one as large as a soak asks for.
"""

import os
import random
import signal
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models import Count, Q, Sum

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import clock
from home.models import OutgoingMail, Role
from home.tenancy import within
from pledges import settlement
from pledges.enums import LedgerAccount, PaymentState, PledgeState
from pledges.models import LedgerEntry, Payment, PaymentAttempt, Pledge, Settlement
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.killing import fork, kill, killed_at, run_all, wait_for
from tests.pledges.many import promise_many

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

PLEDGES = int(os.environ.get("KILLED_PLEDGES", "300"))
KILLS = int(os.environ.get("KILLS", "10"))


@pytest.fixture(autouse=True)
def product_clock(settings, tmp_path, shop):
    settings.CLOCK_FILE = tmp_path / "clock"
    with within(shop):
        yield


def ended(shop, double, count, customers=10, **fields):
    """A campaign at its end with that many promises, whose goal is met."""
    campaign = make_campaign(shop, goal=100, bilingual=False, **fields)
    promise_many(campaign, double, count, customers=customers)
    end_now(campaign)
    return campaign


def settling(campaign):
    """What a worker does, in a process of its own."""

    def run():
        with within(campaign.cooperative):
            settlement.settle(Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk))

    return run


def leases_end():
    clock.advance(settlement.LEASE + timedelta(seconds=1))


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)


def paid(campaign):
    return Payment.objects.filter(pledge__campaign=campaign, state=PaymentState.PAID).count()


def settled_once(campaign, double, count):
    """Every promise charged once for its amount: by the journal, by our rows and by the ledger, and everyone told."""
    pledges = dict(Pledge.objects.filter(campaign=campaign).values_list("pk", "amount"))
    lines = [
        line
        for line in double.journal(campaign.cooperative.stripe_account)
        if int(line["metadata"].get("tremplin_pledge", 0)) in pledges
    ]
    charged = Counter(int(line["metadata"]["tremplin_pledge"]) for line in lines if line["kind"] == "charge")
    assert (len(pledges), len(charged), sum(charged.values())) == (count, count, count), "charged twice, or lost"
    of_journal = {
        int(line["metadata"]["tremplin_pledge"]): line["amount"] for line in lines if line["kind"] == "charge"
    }
    assert of_journal == pledges
    payments = Payment.objects.filter(pledge__campaign=campaign)
    assert dict(payments.values("state").annotate(n=Count("pk")).values_list("state", "n")) == {"paid": count}
    unknown = PaymentAttempt.objects.filter(payment__in=payments, answered_at=None)
    assert unknown.count() == 0
    assert Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED).count() == count
    told = OutgoingMail.objects.filter(kind="goal_met_charged", subject_key__in=[f"pledge:{pk}" for pk in pledges])
    assert told.count() == count
    assert Settlement.objects.get(campaign=campaign).finished_at is not None
    assert campaign_state(campaign) in (CampaignState.FUNDED, CampaignState.FULFILLING), "the latter within the hour"


def campaign_state(campaign):
    return Campaign.objects.get(pk=campaign.pk).state


def books_agree(double, shop):
    """To the cent: the balance is the whole journal, and each account its own lines."""
    lines = double.journal(shop.stripe_account)

    def moved(*kinds):
        return sum(line["amount"] for line in lines if line["kind"] in kinds)

    accounts = dict(LedgerEntry.objects.values_list("account").annotate(Sum("amount")))
    assert accounts == {
        LedgerAccount.BALANCE: sum(line["amount"] for line in lines),
        LedgerAccount.COMMISSION: -moved("application_fee", "application_fee_refund"),
        LedgerAccount.PROCESSING_FEES: -moved("stripe_fee"),
        LedgerAccount.CONTRIBUTIONS: -moved("charge", "refund"),
    }
    call_command("check_ledger")


def test_killed_again_and_again_it_charges_everyone_once(shop, stripe_double, capsys):
    """At moments of chance, some while it prepares; the last runs go on from what the dead ones left."""
    make_user(shop, Role.TREASURER)
    campaign = ended(shop, stripe_double, PLEDGES, customers=max(10, PLEDGES // 50))
    began, step, kills = time.monotonic(), PLEDGES / (KILLS + 2), 0
    for number in range(KILLS):
        pid = fork(settling(campaign))
        if number % 5:
            wanted = paid(campaign) + random.uniform(0, step)
            until(lambda wanted=wanted: paid(campaign) >= wanted, seconds=120)
        time.sleep(random.uniform(0, 0.2))
        kills += kill(pid)
        leases_end()
    assert kills == KILLS
    assert paid(campaign) < PLEDGES, "the kills came too late to prove anything"
    for _run in range(3):
        assert wait_for(fork(settling(campaign))) == 0
        leases_end()
    settled_once(campaign, stripe_double, PLEDGES)
    books_agree(stripe_double, shop)
    assert OutgoingMail.objects.filter(kind="settlement_report").count() == 1
    with capsys.disabled():
        took = time.monotonic() - began
        print(f"\n{PLEDGES} pledges, killed {kills} times: charged once each, in {took:.0f} s.")


#: (name, where, before or after, at which call). The call in flight is a test of its own.
STEPS = [
    ("the campaign is closed", "campaigns.lifecycle.close", "after", 1),
    ("decide: the outcome is written, not committed", "campaigns.lifecycle.decide", "after", 1),
    ("decide: committed", "pledges.settlement._decide", "after", 1),
    ("prepare: the first payments are written", "pledges.settlement._prepare_chunk", "after", 1),
    ("prepare: the payments are all written", "pledges.settlement._prepare_chunk", "after", 4),
    ("claim", "pledges.settlement._claim", "after", 2),
    ("the lease is renewed", "pledges.settlement._keep", "after", 7),
    ("before the attempt's row", "pledges.charging._very_first_attempt", "before", 9),
    ("after the attempt's row", "pledges.charging._very_first_attempt", "after", 15),
    ("before the call", "pledges.gateway.charge", "before", 18),
    ("after the answer, before it is recorded", "pledges.gateway.charge", "after", 21),
    ("recording: paid, the ledger not written", "pledges.ledger.record_payment", "before", 24),
    ("recording: the ledger written, not committed", "pledges.ledger.record_payment", "after", 27),
    ("recording: the mail queued, not committed", "home.outbox.queue", "after", 30),
    ("after it is recorded", "pledges.charging.record", "after", 33),
    ("the last one recorded, not finished", "pledges.charging.record", "after", 50),
    ("finish", "pledges.settlement._finish", "before", 1),
    ("finish: done", "pledges.settlement._finish", "after", 1),
]


@pytest.mark.parametrize("later", [False, True], ids=["at once", "25 hours later"])
def test_killed_at_each_named_step(later, shop, stripe_double, monkeypatch):
    """One settlement of 50 a step; resumed at once, and by a clock on which the keys are forgotten."""
    monkeypatch.setattr(settlement, "CHUNK", 15)
    for number, (name, step, when, nth) in enumerate(STEPS):
        campaign = ended(shop, stripe_double, 50, customers=1, title=f"Étape {number}")
        assert killed_at(step, when, settling(campaign), nth) == -signal.SIGKILL, name
        resume(campaign, stripe_double, later)
        settled_once(campaign, stripe_double, 50)
    books_agree(stripe_double, shop)


def resume(campaign, double, later):
    if later:
        clock.advance(timedelta(hours=25))
        double.advance(hours=25)
    for _run in range(3):
        settling(campaign)()
        leases_end()


@pytest.mark.parametrize("later", [False, True], ids=["at once", "25 hours later"])
def test_killed_while_the_call_is_in_flight(later, shop, stripe_double):
    """The double carries it out after the caller is dead, and answers nobody."""
    campaign = ended(shop, stripe_double, 50, customers=1)
    pid = fork(settling(campaign))
    until(lambda: paid(campaign) >= 5)
    stripe_double.hold("POST /v1/payment_intents", seconds=0.7)
    open_attempts = PaymentAttempt.objects.filter(answered_at=None)
    until(lambda: open_attempts.filter(started_at__lt=clock.now() - timedelta(seconds=0.3)).exists())
    charged = len(stripe_double.journal(shop.stripe_account, "charge"))
    assert kill(pid)
    time.sleep(1)
    assert len(stripe_double.journal(shop.stripe_account, "charge")) == charged + 1
    assert paid(campaign) == charged
    resume(campaign, stripe_double, later)
    settled_once(campaign, stripe_double, 50)
    books_agree(stripe_double, shop)


def test_two_runners_started_together_do_it_once(shop, stripe_double):
    campaign = ended(shop, stripe_double, 50, customers=5)
    assert run_all(settling(campaign), settling(campaign)) == [0, 0]
    settling(campaign)()
    settled_once(campaign, stripe_double, 50)
    books_agree(stripe_double, shop)


def test_two_runners_of_which_one_is_killed(shop, stripe_double):
    campaign = ended(shop, stripe_double, 60, customers=5)
    both = [fork(settling(campaign)) for _runner in range(2)]
    until(lambda: paid(campaign) >= 10)
    assert kill(both[0])
    assert wait_for(both[1]) == 0
    left = Payment.objects.filter(~Q(state=PaymentState.PAID), pledge__campaign=campaign)
    assert 0 < left.count() <= settlement.CLAIM, "the dead runner's lease holds what it had"
    leases_end()
    settling(campaign)()
    settled_once(campaign, stripe_double, 60)
    books_agree(stripe_double, shop)
