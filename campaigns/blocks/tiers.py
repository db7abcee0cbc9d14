"""What backers choose from. The terms are the Reward rows; the page shows the rows' figures.

`unit_cost` and `postage_cost` are the team's own figures: no public page and no term holds them.
"""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from campaigns.blocks.folding import Fold
from campaigns.enums import DeliveryZone, Handover
from home.fields import AmountBlock, LocalTimeBlock, MonthBlock

#: How the parts of every tier and add-on are laid out, after what is its own.
HANDOVER_FOLD = ["handover", "postage", "pickup_place", "pickup_hours"]
COSTS = ["unit_cost", "postage_cost"]
TAXES = Fold(
    "taxes",
    _("Taxes"),
    ["taxable"],
    icon="decimal",
    help_text=_("Where your cooperative is registered for taxes; they are reckoned inside the amount, never on top."),
)


class PostageBlock(blocks.StructBlock):
    """What mailing to one zone costs the backer."""

    zone = blocks.ChoiceBlock(label=_("Zone"), choices=DeliveryZone.choices)
    price = AmountBlock(label=_("Price"), min_cents=0, help_text=_("0 where it is included in the amount."))

    class Meta:
        icon = "mail"
        label = _("Zone")
        label_format = "{zone}"
        form_classname = "struct-block postage"


class ZonesBlock(blocks.ListBlock):
    """Zones with a price each, none twice."""

    def __init__(self, child: Any = None, **kwargs: Any) -> None:
        super().__init__(child or PostageBlock(), **{"default": []} | kwargs)

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        seen: set[str] = set()
        errors: dict[int, Exception] = {}
        for index, one in enumerate(cleaned):
            if one["zone"] and one["zone"] in seen:
                twice = ValidationError(gettext("This zone has a price already. Choose another one."))
                errors[index] = blocks.StructBlockValidationError(block_errors={"zone": twice})
            seen.add(one["zone"])
        if errors:
            raise blocks.ListBlockValidationError(block_errors=errors)
        return cleaned


class OfferBlock(blocks.StructBlock):
    """What a tier and an add-on have in common."""

    title = blocks.CharBlock(label=_("Title"), max_length=160)
    description = blocks.TextBlock(label=_("Description"), rows=3)
    amount = AmountBlock(label=_("Amount"), min_cents=100)
    taxable = AmountBlock(
        label=_("Taxable part"),
        required=False,
        min_cents=0,
        help_text=_("The part of the amount on which taxes are due, taxes included. Empty or 0: none."),
    )
    limit = blocks.IntegerBlock(
        label=_("Limit"),
        required=False,
        min_value=1,
        max_value=1_000_000,
        help_text=_("How many there are; empty: as many as wished."),
    )
    estimated_delivery = MonthBlock(label=_("Estimated delivery"))
    image = ImageBlock(label=_("Image"), required=False)
    handover = blocks.ChoiceBlock(label=_("Handover"), choices=Handover.choices, default=Handover.POST)
    postage = ZonesBlock(
        label=_("Postage by zone"),
        required=False,
        help_text=_("Where you mail to, and for how much. Without a zone, mailing anywhere is included in the amount."),
    )
    # Empty and not None, which wagtail-localize cannot read, in a page that was saved before they were asked.
    pickup_place = blocks.CharBlock(label=_("Place to pick it up"), required=False, default="", max_length=200)
    pickup_hours = blocks.CharBlock(
        label=_("Days and hours"),
        required=False,
        default="",
        max_length=200,
        help_text=_("For example: Saturdays from 9 a.m. to noon."),
    )
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
    sold_late = blocks.BooleanBlock(
        label=_("Still offered after the campaign"),
        required=False,
        help_text=_("While some are left, once the campaign has ended without missing its goal. Paid at once."),
    )
    retired = blocks.BooleanBlock(
        label=_("Retired"),
        required=False,
        help_text=_("No longer offered; contributions already made remain valid."),
    )

    def clean(self, value: Any) -> Any:
        """A draft may be saved before all of it is known."""
        cleaned = super().clean(value)
        errors = {} if self.is_deferred_validation else _missing_for_pickup(cleaned)
        errors |= _taxable_beyond(cleaned) | self.own_errors(cleaned)
        if errors:
            raise blocks.StructBlockValidationError(block_errors=errors)
        return cleaned

    def own_errors(self, value: Any) -> dict[str, Exception]:
        return {}


def _missing_for_pickup(value: Any) -> dict[str, Exception]:
    if value["handover"] != Handover.PICKUP:
        return {}
    words = {
        "pickup_place": gettext("Say where it is to be picked up."),
        "pickup_hours": gettext("Say on which days and at what time it can be picked up."),
    }
    return {name: ValidationError(message) for name, message in words.items() if not (value[name] or "").strip()}


def _taxable_beyond(value: Any) -> dict[str, Exception]:
    if not value["amount"] or (value["taxable"] or 0) <= value["amount"]:
        return {}
    return {"taxable": ValidationError(gettext("The taxable part cannot be larger than the amount."))}


class RewardTierBlock(OfferBlock):
    """One tier as the editor sees it."""

    contents = blocks.ListBlock(
        blocks.CharBlock(label=pgettext_lazy("in a reward", "Content"), max_length=160),
        label=_("Contents"),
        required=False,
        default=[],
        help_text=_("What is in it, one thing a line."),
    )
    available_from = LocalTimeBlock(label=_("Offered from"), required=False)
    available_until = LocalTimeBlock(label=_("Offered until"), required=False)
    variants = blocks.ListBlock(
        blocks.CharBlock(label=_("Variant"), max_length=80),
        label=_("Variants"),
        required=False,
        default=[],
        help_text=_("Sizes or colours, for example; backers choose before it is sent."),
    )

    class Meta:
        icon = "tag"
        label = _("Reward")
        label_format = "{title}"
        description = _("What a backer receives for an amount.")
        form_classname = "struct-block reward-tier"
        form_layout: ClassVar = [
            "title",
            "description",
            "amount",
            "limit",
            "estimated_delivery",
            "image",
            "contents",
            Fold("handover", _("Handover"), HANDOVER_FOLD, icon="mail"),
            Fold(
                "early_bird",
                _("Early bird"),
                ["available_from", "available_until"],
                icon="time",
                help_text=_("On the clock of your cooperative. Empty: offered during the whole campaign."),
            ),
            Fold("variants", _("Variants"), ["variants"], icon="list-ul"),
            TAXES,
            Fold(
                "costs",
                _("What it costs you"),
                COSTS,
                icon="lock",
                help_text=_("For your goal only: never shown on the page."),
            ),
            "sold_late",
            "retired",
        ]

    def own_errors(self, value: Any) -> dict[str, Exception]:
        start, end = value["available_from"], value["available_until"]
        if start and end and end <= start:
            return {
                "available_until": ValidationError(gettext("The end comes before the beginning. Choose a later one."))
            }
        return {}


class AddOnBlock(OfferBlock):
    """One add-on as the editor sees it: it comes on top of a tier."""

    class Meta:
        icon = "plus"
        label = _("Add-on")
        label_format = "{title}"
        description = _("Something more that a backer may add to a reward.")
        form_classname = "struct-block reward-tier"
        form_layout: ClassVar = [
            "title",
            "description",
            "amount",
            "limit",
            "estimated_delivery",
            "image",
            Fold("handover", _("Handover"), HANDOVER_FOLD, icon="mail"),
            TAXES,
            Fold(
                "costs",
                _("What it costs you"),
                COSTS,
                icon="lock",
                help_text=_("For your goal only: never shown on the page."),
            ),
            "sold_late",
            "retired",
        ]


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
            {
                "title": "Le sac de farine",
                "description": "Deux kilos de farine de blé intégrale, parmi les premiers à sortir de la pierre.",
                "amount": 3000,
                "contents": ["Un sac de deux kilos", "La recette de galettes"],
            },
            {
                "title": "La boîte du meunier",
                "description": "Trois farines du village.",
                "amount": 6500,
                "contents": ["Blé", "Seigle", "Sarrasin"],
            },
        ]


class AddOnsBlock(blocks.ListBlock):
    """The add-ons, in the order of the page."""

    def __init__(self, child: Any = None, **kwargs: Any) -> None:
        super().__init__(child or AddOnBlock(), **kwargs)

    class Meta:
        icon = "plus"
        label = _("Add-ons")
        description = _("What backers may add to their reward.")
        template = "campaigns/blocks/add_ons.html"
        preview_value: ClassVar = [
            {"title": "Le tablier du moulin", "description": "Coton écru, brodé à Saint-Aurèle.", "amount": 2800},
        ]
