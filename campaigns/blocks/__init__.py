"""The blocks of a campaign page by subject, each with its own template in templates/campaigns/blocks/."""

from typing import ClassVar

from wagtail import blocks

from campaigns.blocks.call import CallToActionBlock
from campaigns.blocks.gallery import GalleryBlock
from campaigns.blocks.opening import DescriptionBlock, TitleBlock
from campaigns.blocks.people import PartnersBlock, TeamBlock
from campaigns.blocks.press import PressBlock
from campaigns.blocks.questions import QuestionsBlock
from campaigns.blocks.tiers import AddOnBlock, AddOnsBlock, RewardTierBlock, RewardTiersBlock
from campaigns.blocks.video import VideoBlock, video_embed

__all__ = [
    "AddOnBlock",
    "AddOnsBlock",
    "CallToActionBlock",
    "CampaignStoryBlock",
    "DescriptionBlock",
    "GalleryBlock",
    "PartnersBlock",
    "PressBlock",
    "QuestionsBlock",
    "RewardTierBlock",
    "RewardTiersBlock",
    "TeamBlock",
    "TitleBlock",
    "VideoBlock",
    "video_embed",
]


class CampaignStoryBlock(blocks.StreamBlock):
    title = TitleBlock()
    description = DescriptionBlock()
    video = VideoBlock()
    gallery = GalleryBlock()
    reward_tiers = RewardTiersBlock()
    add_ons = AddOnsBlock()
    team = TeamBlock()
    questions = QuestionsBlock()
    press = PressBlock()
    partners = PartnersBlock()
    call_to_action = CallToActionBlock()

    class Meta:
        block_counts: ClassVar = {
            "title": {"max_num": 1},
            "reward_tiers": {"max_num": 1},
            "add_ons": {"max_num": 1},
        }
