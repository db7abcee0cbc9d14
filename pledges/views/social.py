"""A tier's own address, and the pictures shown where a campaign or a tier is passed on."""

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from campaigns import queries
from campaigns.models import Campaign, Reward
from campaigns.sharing import drawing
from campaigns.sharing.addresses import reward_url, shown_or_404
from campaigns.sharing.drawing import Affiche
from home.languages import current
from home.models import Brand
from home.referral import via_of, with_via
from pledges import affiches
from pledges.totals import progress_of
from pledges.views.visiting import Visit

#: The picture's name changes with what it says, so that the picture itself never does.
FOR_EVER = "public, max-age=31536000, immutable"
#: The picture of an editor keeps its name when its file is replaced; an old name leads to today's.
FOR_A_DAY, FOR_AN_HOUR = "public, max-age=86400", "public, max-age=3600"
#: How long a drawing is kept here for those who ask first.
KEPT = timedelta(days=7)
#: What an editor's picture is made into.
OWN = "fill-1200x630|format-jpeg"


@require_safe
def reward_page(request: Visit, campaign_id: int, reward_id: int) -> HttpResponseBase:
    """The campaign's page, introduced by one tier. A tier that is no longer offered leads to the campaign."""
    campaign, page = shown_or_404(campaign_id)
    reward = _reward_or_404(campaign, reward_id)
    via, language = via_of(request), page.locale.language_code
    if reward.retired_at is not None:
        return HttpResponseRedirect(with_via(page.get_url(request), via))
    if language != current():
        with translation.override(language):
            return HttpResponseRedirect(reward_url(reward, via))
    page.campaign = campaign
    context = page.get_context(request) | {"shared_reward": reward}
    return TemplateResponse(request, page.get_template(request), context)


@require_safe
def campaign_image(request: Visit, campaign_id: int, name: str) -> HttpResponseBase:
    """The editor's picture, else one drawn with the progress. Another name than today's leads to today's."""
    campaign, page = shown_or_404(campaign_id)
    if own := affiches.own_image_name(page):
        return _own_picture(page.social_image) if name == own else _moved("campaign_image", campaign.pk, own)
    affiche = affiches.affiche_of(page, progress_of(campaign), Brand.for_request(request))
    if name != affiche.name:
        return _moved("campaign_image", campaign.pk, affiche.name)
    return _picture(affiche)


@require_safe
def reward_image(request: Visit, campaign_id: int, reward_id: int, name: str) -> HttpResponseBase:
    campaign, page = shown_or_404(campaign_id)
    reward = _reward_or_404(campaign, reward_id)
    affiche = affiches.affiche_of_reward(page, reward, progress_of(campaign), Brand.for_request(request))
    if name != affiche.name:
        return _moved("reward_image", campaign.pk, reward.pk, affiche.name)
    return _picture(affiche)


def _reward_or_404(campaign: Campaign, reward_id: int) -> Reward:
    return get_object_or_404(queries.rewards_of(campaign), pk=reward_id)


def _moved(view: str, *arguments: object) -> HttpResponse:
    response = HttpResponseRedirect(reverse(view, args=arguments))
    response["Cache-Control"] = FOR_AN_HOUR
    return response


def _picture(affiche: Affiche) -> HttpResponse:
    """Drawn once for all who ask: only today's name is ever drawn, so that nobody can ask for more work."""
    picture = cache.get_or_set(f"affiche:{affiche.name}", lambda: drawing.draw(affiche), KEPT.total_seconds())
    return HttpResponse(picture, content_type="image/png", headers={"Cache-Control": FOR_EVER})


def _own_picture(image: Any) -> HttpResponse:
    rendition = image.get_rendition(OWN)
    with rendition.file.open("rb") as file:
        return HttpResponse(file.read(), content_type="image/jpeg", headers={"Cache-Control": FOR_A_DAY})
