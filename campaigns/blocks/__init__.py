"""The blocks of a campaign page by subject, each with its own template in templates/campaigns/blocks/."""

from typing import ClassVar

from wagtail import blocks

from campaigns.blocks.budget import BudgetBlock, NextGoalsBlock
from campaigns.blocks.call import CallToActionBlock
from campaigns.blocks.gallery import GalleryBlock
from campaigns.blocks.opening import DescriptionBlock, TitleBlock
from campaigns.blocks.people import PartnersBlock, TeamBlock
from campaigns.blocks.press import PressBlock
from campaigns.blocks.questions import QuestionsBlock
from campaigns.blocks.tiers import AddOnBlock, AddOnsBlock, RewardTierBlock, RewardTiersBlock
from campaigns.blocks.video import VideoBlock, video_embed
from campaigns.blocks.wall import WallBlock

__all__ = [
    "AddOnBlock",
    "AddOnsBlock",
    "BudgetBlock",
    "CallToActionBlock",
    "CampaignStoryBlock",
    "DescriptionBlock",
    "GalleryBlock",
    "NextGoalsBlock",
    "PartnersBlock",
    "PressBlock",
    "QuestionsBlock",
    "RewardTierBlock",
    "RewardTiersBlock",
    "TeamBlock",
    "TitleBlock",
    "VideoBlock",
    "WallBlock",
    "video_embed",
]


class CampaignStoryBlock(blocks.StreamBlock):
    title = TitleBlock()
    description = DescriptionBlock()
    video = VideoBlock()
    gallery = GalleryBlock()
    reward_tiers = RewardTiersBlock()
    add_ons = AddOnsBlock()
    budget = BudgetBlock()
    next_goals = NextGoalsBlock()
    team = TeamBlock()
    questions = QuestionsBlock()
    press = PressBlock()
    partners = PartnersBlock()
    wall = WallBlock()
    call_to_action = CallToActionBlock()

    class Meta:
        block_counts: ClassVar = {
            "title": {"max_num": 1},
            "reward_tiers": {"max_num": 1},
            "add_ons": {"max_num": 1},
            "budget": {"max_num": 1},
            "next_goals": {"max_num": 1},
            "wall": {"max_num": 1},
        }
