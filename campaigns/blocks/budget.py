"""Where the money goes, and what comes after the goal."""

from typing import Any, ClassVar

from django.utils.translation import gettext_lazy as _
from wagtail import blocks

from campaigns.enums import BudgetKind
from home.fields import AmountBlock


class BudgetLineBlock(blocks.StructBlock):
    need = blocks.CharBlock(label=_("Need"), max_length=120, help_text=_("What the money pays for, in a few words."))
    amount = AmountBlock(label=_("Amount"))
    kind = blocks.ChoiceBlock(
        label=_("What it is"),
        choices=BudgetKind.choices,
        required=False,
        help_text=_(
            "Rewards, mailing and fees grow with the goal: say which lines they are, and the goal is reckoned right."
        ),
    )

    class Meta:
        icon = "list-ul"
        label = _("Line")
        label_format = "{need}"


class BudgetSourceBlock(blocks.StructBlock):
    name = blocks.CharBlock(label=_("Source"), max_length=120, help_text=_("A loan, a grant, the members' shares…"))
    amount = AmountBlock(label=_("Amount"))
    confirmed = blocks.BooleanBlock(
        label=_("Confirmed"), required=False, help_text=_("The money is promised in writing, or there already.")
    )

    class Meta:
        icon = "plus"
        label = _("Other source")
        label_format = "{name}"


class BudgetBlock(blocks.StructBlock):
    """Lines, and what else pays for them than the campaign. Checked against the goal by campaigns.budgets."""

    heading = blocks.CharBlock(
        label=_("Heading"), required=False, max_length=120, help_text=_("Empty: “Where every dollar goes”.")
    )
    introduction = blocks.TextBlock(label=_("Introduction"), required=False, rows=2, max_length=400)
    lines = blocks.ListBlock(
        BudgetLineBlock(),
        label=_("Lines"),
        max_num=20,
        help_text=_("All that the project costs. Together they equal the goal and the other sources."),
    )
    sources = blocks.ListBlock(
        BudgetSourceBlock(),
        label=_("Other sources"),
        default=[],
        max_num=10,
        help_text=_("What pays for the project besides this campaign; none if the campaign pays for everything."),
    )

    class Meta:
        icon = "table"
        label = _("Budget")
        description = _("Where the money goes: a chart, a table, and the other sources.")
        template = "campaigns/blocks/budget.html"
        preview_value: ClassVar[dict[str, Any]] = {
            "heading": "",
            "introduction": "Près de la moitié va à la meule elle-même.",
            "lines": [
                {"need": "Meule de granit et bâti de chêne", "amount": 2_150_000, "kind": BudgetKind.PRODUCTION},
                {"need": "Électricité et installation", "amount": 890_000, "kind": BudgetKind.PRODUCTION},
                {"need": "Contreparties et envois", "amount": 745_000, "kind": BudgetKind.REWARDS},
                {"need": "Commission et frais de traitement", "amount": 395_000, "kind": BudgetKind.FEES},
                {"need": "Imprévus", "amount": 80_000, "kind": BudgetKind.RESERVE},
            ],
            "sources": [{"name": "Parts des membres", "amount": 500_000, "confirmed": True}],
        }


class NextGoalBlock(blocks.StructBlock):
    amount = AmountBlock(label=_("Amount"), min_cents=100, help_text=_("In all, not on top of the goal."))
    adds = blocks.CharBlock(
        label=_("What it adds"), max_length=200, help_text=_("What becomes possible, in one sentence.")
    )

    class Meta:
        icon = "arrow-up"
        label = _("Stretch goal")
        label_format = "{adds}"


class NextGoalsBlock(blocks.ListBlock):
    """What the campaign aims for beyond its goal, which stays what decides. Checked by campaigns.next_goals."""

    def __init__(self, child: Any = None, **kwargs: Any) -> None:
        super().__init__(child or NextGoalBlock(), max_num=kwargs.pop("max_num", 6), **kwargs)

    class Meta:
        icon = "arrow-up"
        label = _("Stretch goals")
        description = _("What more money makes possible. The first goal stays visible, and stays the one that counts.")
        template = "campaigns/blocks/next_goals.html"
        preview_value: ClassVar[list[dict[str, Any]]] = [
            {"amount": 900_000, "adds": "Une seconde paire de meules, pour le sarrasin."},
            {"amount": 1_200_000, "adds": "Un four communal devant le moulin."},
        ]
