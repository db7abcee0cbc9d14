"""A saved card that will have expired on the day it is to be charged."""

from pledges.consent_texts import charge_day
from pledges.enums import CardState, PledgeState
from pledges.models import Pledge


def expires_before_charge(pledge: Pledge) -> bool:
    """Of a promise only. A card is good until the end of its month."""
    if pledge.state != PledgeState.CONFIRMED or pledge.card_state == CardState.NONE or pledge.card_expires is None:
        return False
    day = charge_day(pledge.campaign)
    return pledge.campaign.is_live and (pledge.card_expires.year, pledge.card_expires.month) < (day.year, day.month)
