"""What the review page posts."""

import uuid

from pledges.choosing import ChosenReward, PledgeRequest


def pledge_request(campaign, *chosen, **fields):
    """`chosen` are (reward, quantity) pairs; everything else has a sensible default."""
    defaults = {
        "campaign_id": campaign.pk,
        "attempt": uuid.uuid4(),
        "email": "camille@example.com",
        "name": "Camille Rivard",
        "language": "fr",
        "consent_text": "J’autorise…",
        "consent_version": "2026-11",
        "chosen": [ChosenReward(reward.pk, quantity, reward.amount) for reward, quantity in chosen],
        "extra": 0 if chosen else 2500,
    }
    return PledgeRequest(**defaults | fields)
