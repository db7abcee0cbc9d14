"""The pages of one campaign: which one is the source, and its twin in the other language."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet
from wagtail.models import Page

from campaigns.models import Campaign, CampaignPage
from home.models import Cooperative


def pages_of(cooperative: Cooperative) -> QuerySet[CampaignPage]:
    """Every campaign page of a cooperative, in all languages, drafts too."""
    key = cooperative.site.root_page.translation_key
    below = Q(pk__in=[])
    for path in Page.objects.filter(translation_key=key).values_list("path", flat=True):
        below |= Q(path__startswith=path)
    return CampaignPage.objects.filter(below, alias_of=None).select_related("locale", "owner")


def source_pages(pages: Iterable[CampaignPage], campaigns: dict[UUID, Campaign]) -> dict[UUID, CampaignPage]:
    """By translation key: the page in the campaign's own language, before there are terms the one that came first."""
    found: dict[UUID, CampaignPage] = {}
    for page in sorted(pages, key=lambda one: one.pk):
        campaign = campaigns.get(page.translation_key)
        is_source = campaign is not None and page.locale_id == campaign.source_locale_id
        if is_source or page.translation_key not in found:
            found[page.translation_key] = page
    return found


def page_ids(campaigns: Iterable[Campaign]) -> dict[int, int]:
    """By campaign id: its page in its own language, else another one; one query."""
    wanted = {campaign.translation_key: campaign for campaign in campaigns}
    pages = CampaignPage.objects.filter(translation_key__in=wanted, alias_of=None)
    return {wanted[key].pk: page.pk for key, page in source_pages(pages, wanted).items()}


def source_of(page: CampaignPage) -> CampaignPage:
    """The page that this one translates, or itself."""
    if page.campaign is not None and page.campaign.source_locale_id == page.locale_id:
        return page
    siblings = CampaignPage.objects.filter(translation_key=page.translation_key, alias_of=None).select_related("locale")
    known = {page.translation_key: page.campaign} if page.campaign else {}
    return source_pages(siblings, known).get(page.translation_key, page)


def twin_of(page: CampaignPage) -> CampaignPage | None:
    """The page in the other language, published or not."""
    others = CampaignPage.objects.filter(translation_key=page.translation_key, alias_of=None).select_related("locale")
    return others.exclude(locale_id=page.locale_id).first()


def latest(page: CampaignPage) -> CampaignPage:
    """The page as its editor last saved it, published or not."""
    return page.get_latest_revision_as_object() if page.latest_revision_id else page
