"""The blocks of a campaign page by subject, each with its own template in templates/campaigns/blocks/."""

from typing import ClassVar

from wagtail import blocks

from campaigns.blocks.budget import BudgetBlock, NextGoalsBlock
from campaigns.blocks.opening import DescriptionBlock, TitleBlock
from campaigns.blocks.tiers import RewardTierBlock, RewardTiersBlock
from campaigns.blocks.video import VideoBlock, video_embed
from campaigns.blocks.wall import WallBlock

__all__ = [
    "BudgetBlock",
    "CampaignStoryBlock",
    "DescriptionBlock",
    "NextGoalsBlock",
    "RewardTierBlock",
    "RewardTiersBlock",
    "TitleBlock",
    "VideoBlock",
    "WallBlock",
    "video_embed",
]


class CampaignStoryBlock(blocks.StreamBlock):
    title = TitleBlock()
    description = DescriptionBlock()
    video = VideoBlock()
    reward_tiers = RewardTiersBlock()
    budget = BudgetBlock()
    next_goals = NextGoalsBlock()
    wall = WallBlock()

    class Meta:
        block_counts: ClassVar = {
            "title": {"max_num": 1},
            "reward_tiers": {"max_num": 1},
            "budget": {"max_num": 1},
            "next_goals": {"max_num": 1},
            "wall": {"max_num": 1},
        }
