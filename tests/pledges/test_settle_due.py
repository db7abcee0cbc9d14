"""The operator's command: it says, and does only when told to."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from campaigns.enums import CampaignState
from campaigns.models import Campaign
from home.tenancy import across_cooperatives, within
from pledges.models import Payment, Settlement
from tests.factories.campaigns import end_now, make_campaign
from tests.factories.pledges import make_pledge


def settle_due(*arguments):
    out = StringIO()
    call_command("settle_due", *arguments, stdout=out)
    return out.getvalue()


def states():
    with across_cooperatives():
        settled = Settlement.objects.count(), Payment.objects.count()
        return sorted(Campaign.objects.values_list("state", flat=True)), *settled


@pytest.fixture
def ended(cooperative, outsider):
    """A campaign of ours past its deadline and short of its goal, beside one of theirs that is still running."""
    campaign = make_campaign(cooperative, goal=500_000)
    with within(cooperative):
        make_pledge(campaign, rewards=[(campaign.rewards.first(), 2)], paid=False)
        end_now(campaign)
    make_campaign(outsider, title="Des voiles")
    return campaign


def test_a_dry_run_says_what_would_happen_and_writes_nothing(ended):
    said = settle_due()
    assert said == (
        "La Meule commune · Remettre la meule en marche: missed, $60.00 pledged of $5,000.00 by 1; "
        "to charge $0.00, commission $0.00\n"
    )
    assert states() == ([CampaignState.LIVE, CampaignState.LIVE], 0, 0)


def test_write_settles_what_is_due_and_nothing_else(ended):
    assert settle_due("--write").splitlines()[-1] == "Remettre la meule en marche: missed"
    assert states() == ([CampaignState.LIVE, CampaignState.MISSED], 1, 0)
    assert settle_due() == "Nothing is due.\n"


def test_predict_looks_ahead_and_never_writes(ended):
    said = settle_due("--predict", "60", "--write")
    assert [line.split(" · ")[0] for line in said.splitlines()] == ["La Meule commune", "Le Large"]
    assert states() == ([CampaignState.LIVE, CampaignState.LIVE], 0, 0)


def test_a_met_goal_is_forecast_with_its_charges_and_commission(cooperative):
    campaign = make_campaign(cooperative, goal=5_000)
    with within(cooperative):
        make_pledge(campaign, rewards=[(campaign.rewards.last(), 1)], paid=False)
        Campaign.objects.update(deadline=timezone.now() + timedelta(days=3))
    assert settle_due() == "Nothing is due.\n"
    assert "funded, $65.00 pledged of $50.00 by 1; to charge $65.00, commission $3.25" in settle_due("--predict", "4")
