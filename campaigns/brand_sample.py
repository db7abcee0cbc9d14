"""What the preview of a brand shows of this room: the latest campaign's page."""

from django.utils.translation import gettext_lazy as _

from campaigns.models import CampaignPage
from home.brand import previews as brand_previews
from home.brand.previews import Occasion


def paint(occasion: Occasion) -> str:
    """One that is online, else the latest draft; empty where there is none."""
    root = occasion.cooperative.site.root_page
    homes = root.get_translations(inclusive=True).filter(locale__language_code=occasion.language)
    pages = [page for home in homes for page in CampaignPage.objects.child_of(home).order_by("-live", "-pk")[:1]]
    if not pages:
        return ""
    page = pages[0] if pages[0].live else pages[0].get_latest_revision_as_object()
    return brand_previews.page_html(page, occasion)


brand_previews.also_show("campaign", _("Campaign page"), paint)
