"""What a settlement leaves alone: other campaigns, pledges that ended before, payments that another worker has."""

import uuid
from datetime import timedelta

import pytest

from campaigns.enums import CampaignState, GoalUnit
from campaigns.models import Campaign
from home import clock
from home.models import OutgoingMail, Role
from pledges import forecasting, settlement
from pledges.enums import PaymentState, PledgeState
from pledges.models import Payment, Pledge, Settlement
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.cooperatives import make_user
from tests.factories.pledges import make_pledge, payment_of


@pytest.fixture(autouse=True)
def product_clock(settings, tmp_path):
    settings.CLOCK_FILE = tmp_path / "clock"


@pytest.fixture
def campaign(inside):
    return make_campaign(inside, goal=500_000)


@pytest.fixture
def other(inside):
    return make_campaign(inside, title="Un four", bilingual=False)


def fresh(campaign):
    return Campaign.objects.select_related("cooperative__site").get(pk=campaign.pk)


def funded(campaign, **fields):
    """Decided, and being charged."""
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.FUNDED)
    now = clock.now()
    return Settlement.objects.create(
        cooperative_id=campaign.cooperative_id, campaign=campaign, started_at=now, grace_ends_at=now, **fields
    )


def test_a_missed_goal_lets_go_of_its_own_pledges_that_still_stand(campaign, other):
    gone = make_pledge(campaign, state=PledgeState.CANCELLED)
    ours, theirs = make_pledge(campaign, paid=False, email="ours@example.com"), make_pledge(other, paid=False)
    cancelled_at = gone.ended_at
    end_now(campaign)
    assert settlement.settle(fresh(campaign)) == CampaignState.MISSED
    for row in (gone, ours, theirs):
        row.refresh_from_db()
    assert [one.state for one in (gone, ours, theirs)] == ["cancelled", "goal_missed", "confirmed"]
    assert (gone.ended_at, ours.ended_at is not None, theirs.ended_at) == (cancelled_at, True, None)
    assert list(OutgoingMail.objects.filter(kind="goal_missed").values_list("address", flat=True)) == [
        "ours@example.com"
    ]


def test_payments_are_written_for_the_standing_promises_of_that_campaign(campaign, other, monkeypatch):
    monkeypatch.setattr(settlement, "BATCH_SECONDS", 0)
    Campaign.objects.filter(pk=campaign.pk).update(goal=5_000)
    theirs, late = make_pledge(other, paid=False), make_pledge(campaign, paid=False)
    make_pledge(campaign, state=PledgeState.CANCELLED)
    Pledge.objects.filter(pk=late.pk).update(is_late=True)
    ours = [make_pledge(campaign, paid=False), make_pledge(campaign, paid=False)]
    others = funded(other)
    end_now(campaign)
    found = fresh(campaign)
    assert settlement.work(found) is True
    assert list(Payment.objects.order_by("pledge").values_list("pledge", "amount", "commission")) == [
        (one.pk, 3_000, 150) for one in ours
    ]
    assert Settlement.objects.get(campaign=campaign).prepared_at is None
    assert settlement.work(found) is True
    prepared = Settlement.objects.get(campaign=campaign).prepared_at
    assert prepared is not None
    clock.advance(timedelta(seconds=5))
    assert settlement.work(found) is True
    assert Settlement.objects.get(campaign=campaign).prepared_at == prepared
    others.refresh_from_db()
    assert (others.prepared_at, theirs.payment) == (None, None)
    assert Payment.objects.count() == 2


@pytest.mark.parametrize("count", [1, 3])
def test_a_chunk_of_payments_is_written_in_as_many_queries(count, campaign, django_assert_num_queries):
    for _number in range(count):
        make_pledge(campaign, paid=False)
    found = fresh(campaign)
    with django_assert_num_queries(3):
        assert settlement._prepare_chunk(found) == count


def test_only_the_campaign_asked_for_is_paused_and_resumed(campaign, other):
    owner = make_user(campaign.cooperative, Role.OWNER)
    ours, theirs = funded(campaign), funded(other)
    assert settlement.pause(campaign, by=owner) is True
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert (ours.paused_by, ours.paused_at is not None, theirs.paused_at) == (owner, True, None)
    assert settlement.pause(other, by=owner) is True
    assert settlement.resume(campaign, by=None) is True
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert (ours.paused_at, ours.paused_by, theirs.paused_by) == (None, None, owner)


def test_a_missed_goal_cannot_be_paused(campaign):
    row = funded(campaign)
    Campaign.objects.update(state=CampaignState.MISSED)
    assert settlement.pause(campaign, by=None) is False
    row.refresh_from_db()
    assert row.paused_at is None


def test_what_is_left_to_settle_with_its_site_in_one_query(campaign, other, django_assert_num_queries):
    assert list(settlement.unsettled()) == []
    end_now(campaign)
    Campaign.objects.filter(pk=other.pk).update(state=CampaignState.CLOSING, deadline=clock.now() - timedelta(hours=1))
    with django_assert_num_queries(1):
        found = [(one, one.cooperative.site.hostname) for one in settlement.unsettled()]
    assert found == [(other, "meule.localhost"), (campaign, "meule.localhost")]
    funded(campaign)
    funded(other, finished_at=clock.now())
    assert list(settlement.unsettled()) == [campaign]


def test_what_another_worker_claimed_since_is_not_given_back(campaign):
    payment = payment_of(make_pledge(campaign, payment_state=PaymentState.DUE))
    until = clock.now() + settlement.LEASE
    Payment.objects.update(lease_token=uuid.uuid4(), lease_until=until)
    payment.lease_token = uuid.uuid4()
    assert settlement._give_back([payment], settlement.After.REST) == settlement.After.REST
    assert Payment.objects.get().lease_until == until


def test_a_forecast_is_of_what_is_still_to_be_charged_of_that_campaign(campaign, other):
    make_pledge(other, paid=False)
    make_pledge(campaign, state=PledgeState.CANCELLED)
    make_pledge(campaign, paid=True)
    make_pledge(campaign, rewards=[(campaign.rewards.first(), 2)], paid=False)
    Campaign.objects.filter(pk=campaign.pk).update(goal=9_000)
    found = forecasting.forecast(fresh(campaign))
    assert (found.outcome, found.pledged, found.units) == (CampaignState.FUNDED, 9_000, 3)
    assert (found.to_charge, found.commission) == (6_000, 300)
    assert Pledge.objects.filter(state=PledgeState.CONFIRMED).count() == 3


@pytest.mark.parametrize(("goal", "outcome"), [(3, CampaignState.FUNDED), (4, CampaignState.MISSED)])
def test_a_forecast_of_a_presale_counts_units(goal, outcome, inside):
    campaign = make_campaign(inside, goal=goal, goal_unit=GoalUnit.UNITS)
    make_pledge(campaign, rewards=[(campaign.rewards.first(), 3)], paid=False)
    found = forecasting.forecast(fresh(campaign))
    assert (found.outcome, found.units) == (outcome, 3)
