"""A saved card that will have expired on the day it is to be charged."""

from datetime import date

from campaigns.models import Campaign
from pledges.consent_texts import charge_day
from pledges.enums import CardState, PledgeState
from pledges.models import Pledge


def expires_before_charge(pledge: Pledge) -> bool:
    """Of a promise only, while its campaign runs."""
    kept = pledge.state == PledgeState.CONFIRMED and pledge.card_state != CardState.NONE
    return kept and pledge.campaign.is_live and is_over_by_then(pledge.card_expires, pledge.campaign)


def is_over_by_then(card_expires: date | None, campaign: Campaign) -> bool:
    """Whether a card is no longer good on the day of the debit. It is good until the end of the month it names."""
    if card_expires is None:
        return False
    day = charge_day(campaign)
    return (card_expires.year, card_expires.month) < (day.year, day.month)
