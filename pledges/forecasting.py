"""What settling a campaign now would do: for those who want to know before they run it."""

from dataclasses import dataclass

from campaigns import lifecycle
from campaigns.enums import CampaignState
from campaigns.models import Campaign
from pledges import settlement
from pledges.commission import commission_on
from pledges.enums import PledgeState
from pledges.models import Pledge
from pledges.totals import units_of


@dataclass(frozen=True)
class Forecast:
    """What settling a campaign now would do. Amounts in minor units; `units` are the rewards reserved."""

    campaign: Campaign
    pledged: int
    units: int
    backers: int
    outcome: CampaignState
    to_charge: int
    commission: int


def forecast(campaign: Campaign) -> Forecast:
    """Nothing is written and nobody is called."""
    pledged, backers = settlement.totals(campaign)
    units = units_of(campaign)
    outcome = lifecycle.outcome_of(campaign, pledged, units)
    charges = outcome == CampaignState.FUNDED
    amounts = Pledge.objects.filter(campaign=campaign, state=PledgeState.CONFIRMED, payments=None).values_list(
        "amount", flat=True
    )
    return Forecast(
        campaign=campaign,
        pledged=pledged,
        units=units,
        backers=backers,
        outcome=outcome,
        to_charge=sum(amounts) if charges else 0,
        commission=sum(commission_on(amount, campaign.cooperative) for amount in amounts) if charges else 0,
    )
