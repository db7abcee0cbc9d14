"""The pages that bench/memory.py asks for: a cooperative with a campaign, its updates and its pledges."""

from __future__ import annotations

from campaigns.models import CampaignPage
from home.tenancy import within
from tests.factories.campaigns import body_of, make_campaign, tier
from tests.factories.cooperatives import make_cooperative
from tests.factories.pledges import make_pledge
from tests.updates.making import make_update
from updates.models import UpdatePage

TIERS, UPDATES, PLEDGES = 8, 20, 20


def found(host: str, platform: str) -> list[tuple[str, str]]:
    """Make them; their (path, host), in both languages."""
    cooperative = make_cooperative(host.partition(".")[0])
    tiers = [tier(f"Le sac no {number}", 1000 * number) for number in range(1, TIERS + 1)]
    campaign = make_campaign(cooperative, body=body_of(tiers))
    with within(cooperative):
        for number in range(UPDATES):
            make_update(campaign, title=f"Nouvelle {number}")
        for _ in range(PLEDGES):
            make_pledge(campaign)
        pages = [*CampaignPage.objects.live(), *UpdatePage.objects.live()[:4]]
        own = [page.get_url_parts()[-1] for page in pages]
    return [(path, host) for path in [*own, "/fr/", "/en/", "/robots.txt", "/sitemap.xml"]] + [("/fr/", platform)]
