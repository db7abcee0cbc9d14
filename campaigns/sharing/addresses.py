"""Who is shown in public, and the addresses that people pass on."""

from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote

from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext

from campaigns.enums import PREPARING
from campaigns.models import Campaign, CampaignPage, Reward
from campaigns.queries import page_in
from home.languages import current
from home.referral import with_via

#: How RFC 6068 ends the lines of a mail that an address describes.
LINE = "\r\n"


@dataclass(frozen=True)
class Share:
    """What a share block offers; `url` is absolute and carries `via`."""

    campaign: Campaign
    title: str
    url: str
    via: str

    @property
    def mail_url(self) -> str:
        """Opens the visitor's own mail program, with a subject and a text to change."""
        words = {"title": self.title, "cooperative": self.campaign.cooperative.name}
        lines = [gettext("“%(title)s”, a campaign by %(cooperative)s:") % words, "", self.url, ""]
        return f"mailto:?subject={quote(self.title)}&body={quote(LINE.join(lines))}"

    @property
    def qr_url(self) -> str:
        return with_via(reverse("campaign_qr", args=[self.campaign.pk]), self.via)


def share_of(campaign: Campaign, page: CampaignPage, via: str = "", request: HttpRequest | None = None) -> Share:
    """For a reader of the page's language; a request knows its site and spares asking for it."""
    url = page.get_full_url(request) or campaign.cooperative.root_url
    return Share(campaign, page.title, with_via(url, via), via)


def share_for(campaign: Campaign, via: str = "") -> Share | None:
    """In the language of the reader, where no page is at hand; None for a campaign that has no public page."""
    page = page_in(campaign, current())
    return share_of(campaign, page, via) if page else None


def reward_url(reward: Reward, via: str = "") -> str:
    """The tier's own address in the language of the page, without a host."""
    return with_via(_reward_path(current(), reward.campaign_id, reward.pk), via)


@lru_cache(maxsize=4096)
def _reward_path(language: str, campaign_id: int, reward_id: int) -> str:
    """A page names it of each tier, for people and for machines; `language` is that of the page."""
    return reverse("campaign_reward", args=[campaign_id, reward_id])


def shown_or_404(campaign_id: int) -> tuple[Campaign, CampaignPage]:
    """A campaign that anyone may see, with its live page, in the language of the reader if there is one.

    Raises Http404 for one that is another cooperative's, is still being prepared, has no page any more, or not for all.
    """
    campaigns = Campaign.objects.exclude(state__in=PREPARING).select_related("cooperative__site")
    campaign = get_object_or_404(campaigns, pk=campaign_id)
    page = page_in(campaign, current())
    if page is None or page.get_view_restrictions().exists():
        raise Http404
    return campaign, page
