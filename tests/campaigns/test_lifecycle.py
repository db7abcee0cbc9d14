"""The state machine of a campaign: every step leads where it says, once, and nowhere else."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns import lifecycle
from campaigns.enums import BEFORE_LAUNCH, OUTCOMES, CampaignState
from campaigns.models import Campaign
from home import clock

S = CampaignState

#: Each step, the states that it leaves, and the one it leads to.
STEPS = {
    "submit": ({S.DRAFT}, S.IN_REVIEW),
    "send_back": ({S.IN_REVIEW}, S.DRAFT),
    "approve": ({S.DRAFT, S.IN_REVIEW}, S.APPROVED),
    "announce": ({S.APPROVED}, S.ANNOUNCED),
    "withdraw": ({S.ANNOUNCED}, S.APPROVED),
    "launch": ({S.APPROVED, S.ANNOUNCED}, S.LIVE),
    "close": ({S.LIVE}, S.CLOSING),
    "decide": ({S.CLOSING}, S.FUNDED),
    "start_fulfilling": ({S.FUNDED, S.ENDED}, S.FULFILLING),
    "complete": (OUTCOMES | {S.FULFILLING}, S.CLOSED),
}


def take(name, campaign):
    extra = {"submit": {"by": None}, "approve": {"by": None}, "decide": {"pledged": campaign.goal, "backers": 1}}
    return getattr(lifecycle, name)(campaign, **extra.get(name, {}))


def put(campaign, state):
    Campaign.objects.filter(pk=campaign.pk).update(
        state=state, outcome="", deadline=clock.now() - timedelta(seconds=1), launched_at=None
    )
    campaign.refresh_from_db()


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize("name", STEPS)
def test_each_step_is_taken_from_its_states_only_and_once(name, campaign):
    leaves, to = STEPS[name]
    for state in CampaignState:
        put(campaign, state)
        stale = Campaign.objects.get(pk=campaign.pk)
        assert bool(take(name, campaign)) == (state in leaves), state
        campaign.refresh_from_db()
        assert campaign.state == (to if state in leaves else state)
        before = Campaign.objects.filter(pk=campaign.pk).values().get()
        assert not take(name, stale)  # someone else took it already
        assert Campaign.objects.filter(pk=campaign.pk).values().get() == before


@pytest.mark.usefixtures("inside")
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(sorted(STEPS)), max_size=25))
def test_whatever_is_asked_in_whatever_order_the_machine_holds(campaign, names):
    """From a draft: no step is skipped, what was launched never goes back, an outcome never changes."""
    put(campaign, CampaignState.DRAFT)
    was_launched, outcome = False, ""
    for name in names:
        state = CampaignState(campaign.state)
        leaves, to = STEPS[name]
        assert bool(take(name, campaign)) == (state in leaves)
        campaign.refresh_from_db()
        assert campaign.state == (to if state in leaves else state)
        was_launched = was_launched or campaign.state == CampaignState.LIVE
        assert was_launched == (campaign.state not in BEFORE_LAUNCH) == campaign.is_frozen
        assert was_launched == (campaign.launched_at is not None)
        outcome = outcome or campaign.outcome
        assert campaign.outcome == outcome
        assert campaign.is_over == bool(outcome)
