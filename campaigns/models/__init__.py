"""What is asked for: the page that editors write, and the terms that money refers to."""

from campaigns.models.ambassadors import Ambassador
from campaigns.models.dossiers import CheckedPoint, Dossier, ReviewQuestion
from campaigns.models.pages import CampaignPage
from campaigns.models.reviews import AdviserReview
from campaigns.models.terms import (
    Campaign,
    CampaignState,
    FundingModel,
    GoalUnit,
    Handover,
    Reward,
    RewardPostage,
    RewardStock,
    RewardVariant,
    person,
)

__all__ = [
    "AdviserReview",
    "Ambassador",
    "Campaign",
    "CampaignPage",
    "CampaignState",
    "CheckedPoint",
    "Dossier",
    "FundingModel",
    "GoalUnit",
    "Handover",
    "ReviewQuestion",
    "Reward",
    "RewardPostage",
    "RewardStock",
    "RewardVariant",
    "person",
]
