"""What backers choose from. The terms are the Reward rows; the page shows the rows' figures."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from campaigns.enums import Handover
from home.fields import AmountBlock, MonthBlock


class RewardTierBlock(blocks.StructBlock):
    """One tier as the editor sees it. Its terms are the Reward row; the page shows the row's figures."""

    title = blocks.CharBlock(label=_("Title"), max_length=160)
    description = blocks.TextBlock(label=_("Description"), rows=3)
    amount = AmountBlock(label=_("Amount"), min_cents=100)
    limit = blocks.IntegerBlock(
        label=_("Limit"), required=False, min_value=1, help_text=_("How many there are; empty: as many as wished.")
    )
    estimated_delivery = MonthBlock(label=_("Estimated delivery"))
    handover = blocks.ChoiceBlock(label=_("Handover"), choices=Handover.choices, default=Handover.POST)
    image = ImageBlock(label=_("Image"), required=False)
    unit_cost = AmountBlock(
        label=_("What one costs you"),
        required=False,
        min_cents=0,
        help_text=_("Making or buying one. Never shown; the goal is reckoned with it."),
    )
    postage_cost = AmountBlock(
        label=_("What mailing one costs you"),
        required=False,
        min_cents=0,
        help_text=_("Beyond what the backer pays for it. Never shown."),
    )
    retired = blocks.BooleanBlock(
        label=_("Retired"),
        required=False,
        help_text=_("No longer offered; contributions already made remain valid."),
    )

    class Meta:
        icon = "tag"
        label = _("Reward")
        description = _("What a backer receives for an amount.")
        form_classname = "struct-block reward-tier"


class RewardTiersBlock(blocks.ListBlock):
    """The tiers, in the order of the page."""

    def __init__(self, child: Any = None, **kwargs: Any) -> None:
        super().__init__(child or RewardTierBlock(), **kwargs)

    class Meta:
        icon = "tag"
        label = _("Reward tiers")
        description = _("The rewards that backers choose from.")
        template = "campaigns/blocks/reward_tiers.html"
        preview_value: ClassVar = [
            {"title": "Le sac de farine", "description": "Deux kilos de farine de blé intégrale.", "amount": 3000},
            {"title": "La boîte du meunier", "description": "Trois farines du village.", "amount": 6500},
        ]
