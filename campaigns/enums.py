"""The choices of this room."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class FundingModel(models.TextChoices):
    ALL_OR_NOTHING = "all_or_nothing", _("All or nothing")
    FLEXIBLE = "flexible", _("Flexible")


class CampaignState(models.TextChoices):
    """Changed only by campaigns.lifecycle."""

    DRAFT = "draft", _("Draft")
    LIVE = "live", pgettext_lazy("campaign", "Live")
    CLOSING = "closing", _("Closing: the last payments are being awaited")
    FUNDED = "funded", _("Funded")
    MISSED = "missed", _("Goal not reached")
    ENDED = "ended", _("Ended")


class Handover(models.TextChoices):
    """How a reward reaches its backer."""

    POST = "post", _("By mail")
    PICKUP = "pickup", _("To pick up")
    NOTHING = "nothing", _("Nothing to deliver")
