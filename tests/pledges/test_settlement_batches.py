"""A settlement in batches: bounded, shared, paced, paused and resumed, and reported once."""

from datetime import timedelta

import pytest

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home import clock
from home.models import OutgoingMail, Role
from home.tenancy import within
from pledges import pacing, settlement, tasks
from pledges.enums import PaymentState, PledgeState
from pledges.models import Payment, Pledge, RateBucket, Settlement
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.pledges.many import promise_many


@pytest.fixture(autouse=True)
def scope(shop, settings, tmp_path):
    settings.CLOCK_FILE = tmp_path / "clock"
    with within(shop):
        yield


@pytest.fixture
def campaign(shop, stripe_double):
    """Fifteen promises, of which the goal needs one, at its end."""
    campaign = make_campaign(shop, goal=100)
    promise_many(campaign, stripe_double, 15, customers=2)
    end_now(campaign)
    return fresh(campaign)


def fresh(campaign):
    return Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk)


def states():
    return sorted(Payment.objects.values_list("state", flat=True))


def charges(double, shop):
    return len(double.journal(shop.stripe_account, "charge"))


@pytest.fixture
def small(monkeypatch):
    """Claims of four and chunks of four, and a batch that is over as soon as it began."""
    monkeypatch.setattr(settlement, "CLAIM", 4)
    monkeypatch.setattr(settlement, "CHUNK", 4)
    monkeypatch.setattr(settlement, "BATCH_SECONDS", 0)


def test_a_batch_is_bounded_and_says_that_another_follows(campaign, small, monkeypatch):
    written = []
    for _batch in range(4):
        assert settlement.work(campaign) is True
        written.append(Payment.objects.count())
    assert (campaign.state, written) == (CampaignState.FUNDED, [4, 8, 12, 15])
    assert settlement.work(campaign) is True
    assert Payment.objects.exclude(lease_token=None).count() == 0, "what a batch did not begin is given back"
    monkeypatch.setattr(settlement, "BATCH_SECONDS", 60)
    assert settlement.work(campaign) is False
    assert states() == [PaymentState.PAID] * 15


def test_open_pages_are_ended_in_batches_too(shop, stripe_double, monkeypatch):
    from pledges import checkout, pledging
    from tests.factories.requests import pledge_request

    campaign = make_campaign(shop, goal=100, title="Un four", bilingual=False)
    for number in range(2):
        request = pledge_request(campaign, email=f"late{number}@example.com")
        checkout.open_page(pledging.begin(shop, request))
    end_now(campaign)
    campaign = fresh(campaign)
    assert settlement.settle(campaign) == CampaignState.MISSED
    assert Pledge.objects.filter(campaign=campaign, state=PledgeState.LAPSED).count() == 2


def test_a_missed_goal_is_let_go_in_batches(shop, stripe_double, small):
    campaign = make_campaign(shop, goal=900_000)
    promise_many(campaign, stripe_double, 10, customers=1)
    end_now(campaign)
    campaign = fresh(campaign)
    left = []
    while settlement.work(campaign):
        left.append(Pledge.objects.filter(state=PledgeState.CONFIRMED).count())
    assert left == [6, 2, 0]
    assert OutgoingMail.objects.filter(kind="goal_missed").count() == 10
    assert Settlement.objects.get().finished_at is not None
    assert OutgoingMail.objects.filter(kind="settlement_report").count() == 0


def test_tasks_of_one_lane_then_several_take_it_to_its_end(campaign, small, settings, monkeypatch):
    """What the queue would do: each task enqueues the next; the tick begins."""
    waiting, ran = [], []
    monkeypatch.setattr(type(tasks.settle_campaign), "enqueue", lambda _task, *args: waiting.append(args))
    monkeypatch.setattr(settlement, "BATCH_SECONDS", 0.15)
    settings.SETTLEMENT_LANES = 3
    tasks.nudge_settlement()
    tasks.nudge_settlement()
    assert [lane for _campaign, lane, _token in waiting] == [0]
    while waiting:
        args = waiting.pop(0)
        ran.append(args[1])
        tasks.settle_campaign.call(*args)
        tasks.settle_campaign.call(*args)  # the same task twice
    tasks.nudge_settlement()
    assert (states(), waiting) == ([PaymentState.PAID] * 15, [])
    assert set(ran) <= {0, 1, 2}


def test_as_many_workers_are_wanted_as_have_a_batch_each(campaign, settings, small, monkeypatch):
    settings.SETTLEMENT_LANES = 3
    assert settlement.workers_wanted(campaign) == 1
    settlement.work(campaign)
    assert settlement.workers_wanted(campaign) == 1, "one writes the payments"
    while Settlement.objects.get().prepared_at is None:
        settlement.work(campaign)
    assert settlement.workers_wanted(campaign) == 3
    settings.SETTLEMENT_LANES = 9
    assert settlement.workers_wanted(campaign) == 4
    monkeypatch.setattr(settlement, "BATCH_SECONDS", 60)
    settlement.work(campaign)
    assert settlement.workers_wanted(campaign) == 1


# Paused


def test_a_paused_settlement_charges_nobody_until_it_is_resumed(campaign, shop, stripe_double, small, monkeypatch):
    owner = make_user(shop, Role.OWNER)
    settlement.work(campaign)
    assert settlement.pause(campaign, by=owner) is True
    assert settlement.pause(campaign, by=owner) is False
    monkeypatch.setattr(settlement, "BATCH_SECONDS", 60)
    assert settlement.work(campaign) is False
    assert list(settlement.unsettled()) == []
    assert (charges(stripe_double, shop), Settlement.objects.get().paused_by) == (0, owner)
    assert settlement.resume(campaign, by=None) is True
    assert settlement.resume(campaign, by=None) is False
    assert list(settlement.unsettled()) == [campaign]
    assert settlement.settle(campaign) == CampaignState.FUNDED
    assert charges(stripe_double, shop) == 15
    assert settlement.pause(campaign, by=owner) is False, "it is over"


def test_a_pause_in_the_middle_of_a_claim_lets_the_charge_in_flight_finish(
    campaign, shop, stripe_double, small, monkeypatch
):
    monkeypatch.setattr(settlement, "BATCH_SECONDS", 60)
    real = settlement.charging.charge

    def charge(payment):
        settlement.pause(campaign, by=None)
        real(payment)

    monkeypatch.setattr(settlement.charging, "charge", charge)
    assert settlement.work(campaign) is False
    assert charges(stripe_double, shop) == 1
    assert Payment.objects.filter(state=PaymentState.DUE).exclude(lease_token=None).count() == 0


# When the provider is slow or silent


def test_asked_to_slow_down_the_payment_is_tried_again_soon(campaign, shop, stripe_double, settings):
    settings.STRIPE_RATE_LIMIT, settings.STRIPE_RATE_SHARE = 1000.0, 1.0
    stripe_double.fault("POST /v1/payment_intents", "429")
    settlement.settle(campaign)
    assert states() == [PaymentState.DUE] + [PaymentState.PAID] * 14
    assert RateBucket.objects.get(name=pacing.NAME).tokens < 1000
    waits = Payment.objects.get(state=PaymentState.DUE)
    assert waits.lease_until <= clock.now() + settlement.THROTTLED
    clock.advance(settlement.THROTTLED)
    settlement.settle(campaign)
    assert charges(stripe_double, shop) == 15


def test_a_provider_that_does_not_answer_is_left_in_peace_until_the_next_tick(campaign, shop, stripe_double):
    stripe_double.fault("POST /v1/payment_intents", "500", times=50)
    assert settlement.work(campaign) is False
    from pledges.models import PaymentAttempt

    assert PaymentAttempt.objects.count() == settlement.SILENT
    assert Payment.objects.filter(lease_token=None).count() == 15 - settlement.SILENT


def test_calls_are_taken_from_the_shared_bucket(campaign, shop, settings):
    settings.STRIPE_RATE_LIMIT, settings.STRIPE_RATE_SHARE = 1000.0, 1.0
    settlement.settle(campaign)
    assert 970 <= RateBucket.objects.get(name=pacing.NAME).tokens <= 1000


# At its end


def test_treasurers_are_told_once_when_no_payment_is_due_any_more(campaign, shop):
    treasurer = make_user(shop, Role.TREASURER)
    make_user(shop, Role.EDITOR)
    for _time in range(3):
        settlement.settle(campaign)
    told = OutgoingMail.objects.filter(kind="settlement_report")
    assert [mail.user for mail in told] == [treasurer]


def test_one_payment_without_an_answer_keeps_the_report_waiting(campaign, shop, stripe_double):
    make_user(shop, Role.TREASURER)
    stripe_double.fault("POST /v1/payment_intents", "timeout_after_commit")
    settlement.settle(campaign)
    assert (OutgoingMail.objects.filter(kind="settlement_report").count(), states()[0]) == (0, PaymentState.DUE)
    clock.advance(settlement.LEASE + timedelta(seconds=1))
    settlement.settle(campaign)
    assert (OutgoingMail.objects.filter(kind="settlement_report").count(), charges(stripe_double, shop)) == (1, 15)
