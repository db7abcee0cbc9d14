"""The addresses about a cooperative's campaigns that anyone may keep and that are no pages of Wagtail's."""

from collections.abc import Iterator

from django.urls import reverse

from campaigns.models import Campaign
from home.models import Cooperative
from home.tenancy import within


def of(cooperative: Cooperative) -> Iterator[str]:
    """In the language that is active."""
    yield reverse("campaign_index")
    with within(cooperative):
        for campaign in Campaign.objects.prefetch_related("rewards"):
            for name in ("wall", "campaign_figures", "campaign_widget"):
                yield reverse(name, args=[campaign.pk])
            for reward in campaign.rewards.all():
                yield reverse("campaign_reward", args=[campaign.pk, reward.pk])
