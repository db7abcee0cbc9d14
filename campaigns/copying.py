"""Starting a campaign from an earlier one: its words, its goal and its rewards, as a draft of its own."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from wagtail.coreutils import find_available_slug

from campaigns.models import Campaign, CampaignPage
from campaigns.tier_checks import OFFERING
from home import clock
from home.models import Cooperative, User

#: The last part of an address; Wagtail's own limit is 255.
LONGEST_TITLE = 200


def source_page_of(page: CampaignPage) -> CampaignPage:
    """The page in the campaign's source language, which is the one to copy; the page itself before any terms."""
    campaign = page.campaign
    return (_source_of(campaign) if campaign else None) or page


def latest_page_of(cooperative: Cooperative) -> CampaignPage | None:
    """The page of the cooperative's latest campaign, in its source language."""
    for campaign in Campaign.objects.filter(cooperative=cooperative).order_by("-pk"):
        if page := _source_of(campaign):
            return page
    return None


def _source_of(campaign: Campaign) -> CampaignPage | None:
    pages = CampaignPage.objects.filter(translation_key=campaign.translation_key)
    return pages.filter(locale_id=campaign.source_locale_id).first()


def copy_again(page: CampaignPage, *, by: User) -> CampaignPage:
    """A new draft in the source language, without updates. Dates that are over, and retired rewards, stay behind.

    Block ids are kept: with the new page's translation key they name new terms, once it is published.
    """
    source = source_page_of(page)
    said: CampaignPage = source if source.live else source.get_latest_revision_as_object()
    with translation.override(source.locale.language_code):
        title = _("%(title)s (copy)") % {"title": said.title[:LONGEST_TITLE]}
    parent = source.get_parent()
    copied: CampaignPage = source.copy(
        user=by,
        recursive=False,
        copy_revisions=False,
        keep_live=False,
        update_attrs={
            "title": title,
            "draft_title": title,
            "slug": find_available_slug(parent, slugify(title)),
            "goal_unit": said.goal_unit,
            "goal": said.goal,
            "suggested_amounts": said.suggested_amounts,
            "funding_model": said.funding_model,
            "theme": said.theme,
            "end_date": None,
            "go_live_at": None,
            "expire_at": None,
            "body": list(_blocks_to_keep(said)),
        },
    )
    return copied


def _blocks_to_keep(page: CampaignPage) -> Iterator[dict[str, Any]]:
    retired = _retired_ids(page)
    for block in deepcopy(page.body.get_prep_value()):
        if block["type"] in OFFERING:
            block["value"] = [_without_dates(one) for one in block["value"] if one["id"] not in retired]
        yield block


def _retired_ids(page: CampaignPage) -> set[str]:
    on_page = {child.id for _kind, child in page.offered_blocks if child.value["retired"]}
    campaign = page.campaign
    in_terms = campaign.rewards.exclude(retired_at=None).values_list("block_id", flat=True) if campaign else []
    return on_page | {str(block_id) for block_id in in_terms}


def _without_dates(item: dict[str, Any]) -> dict[str, Any]:
    """An early bird's days, and a month that has begun: the editor chooses others."""
    value = item["value"]
    for name in ("available_from", "available_until"):
        if name in value:
            value[name] = None
    if (value.get("estimated_delivery") or "") <= f"{clock.now():%Y-%m}":
        value["estimated_delivery"] = None
    return item
