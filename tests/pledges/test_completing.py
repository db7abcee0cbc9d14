"""After the outcome: rewards on their way, then closed, once nothing is owed and nothing can happen any more."""

from datetime import timedelta

import pytest
import time_machine

from campaigns import lifecycle
from campaigns.models import Campaign, CampaignState, FundingModel, Reward
from home import clock
from pledges import completing, settlement, tasks
from pledges.enums import CardState, FulfilmentState, PaymentState, PledgeState
from pledges.models import Payment, Pledge, PledgeItem, Settlement
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.pledges import make_pledge

pytestmark = pytest.mark.usefixtures("inside")


def decide(campaign, *, pledged, finished=True):
    """As the settlement leaves it, without a call to anyone."""
    end_now(campaign)
    lifecycle.close(campaign)
    lifecycle.decide(campaign, pledged=pledged, backers=1)
    now = clock.now()
    Settlement.objects.create(
        cooperative=campaign.cooperative,
        campaign=campaign,
        started_at=now,
        grace_ends_at=now + settlement.GRACE,
        finished_at=now if finished else None,
    )


def move(campaign):
    """As the periodic work does, twice."""
    for _time in range(2):
        tasks.move_on.func(campaign.pk)
    campaign.refresh_from_db()
    return campaign.state


def test_nothing_moves_before_the_settlement_is_finished(campaign):
    make_pledge(campaign, payment_state=PaymentState.DUE)
    decide(campaign, pledged=campaign.goal, finished=False)
    assert move(campaign) == CampaignState.FUNDED
    assert list(completing.settled()) == []


@pytest.mark.parametrize("model", FundingModel.values)
def test_rewards_paid_for_are_on_their_way_until_all_have_arrived(cooperative, model):
    campaign = make_campaign(cooperative, funding_model=model)
    sent, delivered = (make_pledge(campaign).items.get() for _one in range(2))
    decide(campaign, pledged=campaign.goal)
    assert move(campaign) == CampaignState.FULFILLING
    assert campaign.outcome in {"funded", "ended"}
    PledgeItem.objects.filter(pk=delivered.pk).update(state=FulfilmentState.DELIVERED, state_since=clock.now())
    PledgeItem.objects.filter(pk=sent.pk).update(state=FulfilmentState.SENT, state_since=clock.now())
    assert move(campaign) == CampaignState.FULFILLING
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        assert move(campaign) == CampaignState.CLOSED
        assert campaign.completed_at == clock.now()


def test_a_parcel_that_came_back_is_owed_again(campaign):
    item = make_pledge(campaign).items.get()
    decide(campaign, pledged=campaign.goal)
    PledgeItem.objects.filter(pk=item.pk).update(state=FulfilmentState.RETURNED, state_since=clock.now())
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        assert move(campaign) == CampaignState.FULFILLING


def test_a_payment_that_may_still_be_mended_keeps_it_open(campaign):
    make_pledge(campaign, payment_state=PaymentState.MEND)
    decide(campaign, pledged=campaign.goal)
    assert move(campaign) == CampaignState.FUNDED
    Payment.objects.update(state=PaymentState.PAID)
    assert move(campaign) == CampaignState.FULFILLING


def test_gifts_alone_leave_nothing_to_hand_over(cooperative):
    campaign = make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)
    make_pledge(campaign, rewards=[], extra=2500)
    decide(campaign, pledged=2500)
    assert move(campaign) == CampaignState.CLOSED


def test_a_missed_campaign_closes_once_every_card_is_forgotten(campaign):
    pledge = make_pledge(campaign, paid=False)
    decide(campaign, pledged=1)
    assert move(campaign) == CampaignState.MISSED
    Pledge.objects.filter(pk=pledge.pk).update(state=PledgeState.GOAL_MISSED, card_state=CardState.TO_DETACH)
    assert move(campaign) == CampaignState.MISSED
    Pledge.objects.filter(pk=pledge.pk).update(card_state=CardState.DETACHED)
    assert move(campaign) == CampaignState.CLOSED
    assert campaign.is_missed


def test_settling_again_after_it_moved_on_changes_nothing(campaign):
    make_pledge(campaign)
    decide(campaign, pledged=campaign.goal)
    move(campaign)
    before = Campaign.objects.values().get()
    assert settlement.settle(campaign) == CampaignState.FULFILLING
    assert list(settlement.unsettled()) == []
    assert Campaign.objects.values().get() == before


def test_a_tier_that_is_still_offered_keeps_the_campaign_open(campaign):
    item = make_pledge(campaign).items.get()
    decide(campaign, pledged=campaign.goal)
    PledgeItem.objects.update(state=FulfilmentState.DELIVERED, state_since=clock.now())
    Reward.objects.filter(pk=item.reward_id).update(sold_late=True)
    assert move(campaign) == CampaignState.FUNDED
    assert lifecycle.takes_late_pledges(campaign, clock.now())
    Reward.objects.filter(pk=item.reward_id).update(retired_at=clock.now())
    assert move(campaign) == CampaignState.CLOSED
    assert not lifecycle.takes_late_pledges(campaign, clock.now())
