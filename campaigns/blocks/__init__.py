"""The blocks of a campaign page by subject, each with its own template in templates/campaigns/blocks/."""

from typing import ClassVar

from wagtail import blocks

from campaigns.blocks.opening import DescriptionBlock, TitleBlock
from campaigns.blocks.tiers import AddOnBlock, AddOnsBlock, RewardTierBlock, RewardTiersBlock
from campaigns.blocks.video import VideoBlock, video_embed

__all__ = [
    "AddOnBlock",
    "AddOnsBlock",
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
    add_ons = AddOnsBlock()

    class Meta:
        block_counts: ClassVar = {
            "title": {"max_num": 1},
            "reward_tiers": {"max_num": 1},
            "add_ons": {"max_num": 1},
        }
