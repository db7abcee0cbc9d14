"""« Bilan »: for everyone, once the outcome of a campaign is decided."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from campaigns.models import Campaign
from campaigns.sharing.addresses import shown_or_404
from home.languages import ENGLISH, FRENCH, LANGUAGES, TAGS, current
from home.models import Brand
from home.templatetags.page_tags import Twin
from pledges import affiches
from pledges.matching import partners_of
from pledges.templatetags.social_tags import Card
from updates.summaries import Summary, summary_of


@require_safe
def show(request: HttpRequest, campaign_id: int) -> HttpResponse:
    campaign, page = shown_or_404(campaign_id)
    if not campaign.is_over:
        raise Http404
    summary = summary_of(campaign, page)
    urls = _urls(campaign)
    context = {
        "campaign": campaign,
        "campaign_url": page.get_full_url(request),
        "summary": summary,
        "progress": summary.progress,
        "partners": partners_of(campaign),
        "summary_urls": [
            Twin(TAGS[code], campaign.cooperative.root_url + url, code == campaign.cooperative.language)
            for code, url in urls.items()
        ],
        "translated_url": urls[ENGLISH if current() == FRENCH else FRENCH],
        "card": _card(summary, affiches.image_url(page, summary.progress, Brand.for_request(request)), urls),
    }
    return render(request, "updates/summary.html", context)


def _urls(campaign: Campaign) -> dict[str, str]:
    found = {}
    for language in LANGUAGES:
        with translation.override(language):
            found[language] = reverse("campaign_summary", args=[campaign.pk])
    return found


def _card(summary: Summary, image: str, urls: dict[str, str]) -> Card:
    mine, campaign = current(), summary.campaign
    words = gettext("Summary of the campaign “%(campaign)s”")
    return Card(
        title=words % {"campaign": campaign.title},
        description=gettext("What was pledged, collected and refunded, and whether the rewards came on time."),
        url=campaign.cooperative.root_url + urls[mine],
        image=image,
        locale=TAGS[mine].replace("-", "_"),
        other_locales=[tag.replace("-", "_") for code, tag in TAGS.items() if code != mine],
    )
