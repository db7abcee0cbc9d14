"""The choices of this room."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class FundingModel(models.TextChoices):
    ALL_OR_NOTHING = "all_or_nothing", _("All or nothing")
    FLEXIBLE = "flexible", _("Flexible")


class GoalUnit(models.TextChoices):
    """What a goal counts: money, or rewards reserved (a presale)."""

    MONEY = "money", _("An amount")
    UNITS = "units", _("A number of units (presale)")


class CampaignState(models.TextChoices):
    """Changed only by campaigns.lifecycle."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    APPROVED = "approved", _("Approved")
    ANNOUNCED = "announced", _("Pre-campaign")
    LIVE = "live", pgettext_lazy("campaign", "Live")
    CLOSING = "closing", _("Closing: the last payments are being awaited")
    FUNDED = "funded", _("Funded")
    MISSED = "missed", _("Goal not reached")
    ENDED = "ended", _("Ended")
    FULFILLING = "fulfilling", _("Rewards on their way")
    CLOSED = "closed", _("Campaign closed")


#: Nothing is public yet.
PREPARING = frozenset({CampaignState.DRAFT, CampaignState.IN_REVIEW, CampaignState.APPROVED})
#: The terms may still change.
BEFORE_LAUNCH = PREPARING | {CampaignState.ANNOUNCED}
#: The outcome is decided: the three that it may be, and what follows them.
OUTCOMES = frozenset({CampaignState.FUNDED, CampaignState.MISSED, CampaignState.ENDED})
OVER = OUTCOMES | {CampaignState.FULFILLING, CampaignState.CLOSED}


class Theme(models.TextChoices):
    """What a campaign is about, as the discovery page sorts them."""

    FOOD = "food", _("Food and agriculture")
    CULTURE = "culture", _("Arts and culture")
    HOUSING = "housing", _("Housing and building")
    ENVIRONMENT = "environment", _("Environment and energy")
    EDUCATION = "education", _("Education")
    HEALTH = "health", _("Health and care")
    COMMUNITY = "community", _("Community life")
    CRAFTS = "crafts", _("Crafts and manufacturing")
    TECHNOLOGY = "technology", _("Technology")


class RewardKind(models.TextChoices):
    """A tier, or something that is added to one."""

    REWARD = "reward", _("Reward")
    ADDON = "addon", _("Add-on")


class Handover(models.TextChoices):
    """How a reward reaches its backer."""

    POST = "post", _("By mail")
    PICKUP = "pickup", _("To pick up")
    NOTHING = "nothing", _("Nothing to deliver")


class DeliveryZone(models.TextChoices):
    """Where a reward is mailed to, each at its price."""

    QUEBEC = "quebec", _("Québec")
    CANADA = "canada", _("elsewhere in Canada")
    UNITED_STATES = "us", _("United States")
    WORLD = "world", _("other countries")


class BudgetKind(models.TextChoices):
    """What a line of a budget pays for."""

    PRODUCTION = "production", _("The project itself")
    REWARDS = "rewards", _("Rewards: making them")
    POSTAGE = "postage", _("Rewards: mailing them")
    FEES = "fees", _("Commission and processing fees")
    RESERVE = "reserve", _("Reserve for the unexpected")


#: Lines that only exist because people are thanked and cards are charged: they grow with the goal.
GROWING = frozenset({BudgetKind.REWARDS, BudgetKind.POSTAGE, BudgetKind.FEES})
