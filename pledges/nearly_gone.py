"""Limited tiers on sale of which few are left, as the campaign's page says so in colour."""

from typing import Any

from django.db.models import F, Q, QuerySet

from campaigns.enums import CampaignState
from campaigns.models import RewardStock
from home.models import Cooperative
from pledges.templatetags.pledge_tags import FEW


def nearly_gone(cooperative: Cooperative) -> QuerySet[Any]:
    """Their stock, with `left_now`: one at least, held by nobody who is paying."""
    left = F("limit") - F("held") - F("promised")
    on_sale = Q(reward__cooperative=cooperative, reward__retired_at=None, reward__campaign__state=CampaignState.LIVE)
    return RewardStock.objects.filter(on_sale).annotate(left_now=left).filter(left_now__gte=1, left_now__lte=FEW)
