"""What is asked for: the page that editors write, and the terms that money refers to."""

from campaigns.models.pages import CampaignPage
from campaigns.models.terms import Campaign, CampaignState, FundingModel, Handover, Reward, RewardStock

__all__ = ["Campaign", "CampaignPage", "CampaignState", "FundingModel", "Handover", "Reward", "RewardStock"]
