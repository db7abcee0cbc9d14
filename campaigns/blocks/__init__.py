"""The blocks of a campaign page by subject, each with its own template in templates/campaigns/blocks/."""

from typing import ClassVar

from wagtail import blocks

from campaigns.blocks.opening import DescriptionBlock, TitleBlock
from campaigns.blocks.tiers import RewardTierBlock, RewardTiersBlock
from campaigns.blocks.video import VideoBlock, video_embed

__all__ = [
    "CampaignStoryBlock",
    "DescriptionBlock",
    "RewardTierBlock",
    "RewardTiersBlock",
    "TitleBlock",
    "VideoBlock",
    "video_embed",
]


class CampaignStoryBlock(blocks.StreamBlock):
    title = TitleBlock()
    description = DescriptionBlock()
    video = VideoBlock()
    reward_tiers = RewardTiersBlock()

    class Meta:
        block_counts: ClassVar = {"title": {"max_num": 1}, "reward_tiers": {"max_num": 1}}
