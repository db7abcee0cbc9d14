"""The campaign page that bench/reading.py and bench/pulse.py read: 8 tiers, a video, 20 updates, in both languages."""

from __future__ import annotations

import uuid
from typing import Any

from wagtail.images import get_image_model
from wagtail.images.tests.utils import get_test_image_file

from campaigns.models import Campaign, CampaignPage
from home.tasks import draw_pictures
from home.tenancy import within
from tests.factories.campaigns import body_of, make_campaign, tier
from tests.factories.cooperatives import make_cooperative
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update, text_block

TIERS, UPDATES, PLEDGES = 8, 20, 40


def make(host: str, tiers: int = TIERS, updates: int = UPDATES) -> Campaign:
    """A cooperative at this host with one live campaign."""
    cooperative = make_cooperative(host.partition(".")[0])
    with within(cooperative):
        offered = [
            tier(f"Le sac no {n}", 1000 * n, limit=1_000_000, image=_picture(f"sac{n}")) for n in range(1, tiers + 1)
        ]
        body = body_of(offered, extra=[_video(), _wall()])
        body[0]["value"]["image"] = _picture("heros")
        campaign = make_campaign(cooperative, body=body)
        for number in range(updates):
            make_update(campaign, text_block(), title=f"Nouvelle {number}")
        for _number in range(PLEDGES):
            make_pledge(campaign, paid=False)
        for page in CampaignPage.objects.live():
            draw_pictures.call(page.pk)
    return campaign


def paths_of(campaign: Campaign) -> dict[str, str]:
    """By language."""
    with within(campaign.cooperative):
        pages = CampaignPage.objects.filter(translation_key=campaign.translation_key).select_related("locale")
        return {page.locale.language_code: page.get_url_parts()[-1] for page in pages}


def _picture(name: str) -> dict[str, Any]:
    image = get_image_model().objects.create(title=name, file=get_test_image_file(filename=f"{name}.png"))
    return {"image": image.pk, "alt_text": name, "decorative": False}


def _video() -> dict[str, Any]:
    value = {"url": "https://vimeo.com/76979871", "title": "Le moulin", "duration": 130, "poster": None}
    return {"type": "video", "id": str(uuid.uuid4()), "value": value | {"transcript": "<p>On entend la meule.</p>"}}


def _wall() -> dict[str, Any]:
    return {"type": "wall", "id": str(uuid.uuid4()), "value": {"heading": "Merci"}}
