"""What backers change, what is sold late and what is refunded: a campaign for each, in both languages."""

import django

django.setup()

from django.utils import translation  # noqa: E402

from campaigns.models import CampaignPage, FundingModel  # noqa: E402
from home.models import Cooperative  # noqa: E402
from home.tenancy import within  # noqa: E402
from tests.campaigns.composing import wall  # noqa: E402
from tests.campaigns.test_tier_terms import item  # noqa: E402
from tests.factories.campaigns import body_of, make_campaign_page, tier, translate  # noqa: E402


def main():
    translation.activate("fr")
    cooperative = Cooperative.objects.get(slug="meule")
    mailed = tier("Le sac", 3000, limit=10, postage=[item({"zone": "quebec", "price": 500})])
    make = {
        "mill": (FundingModel.ALL_OR_NOTHING, body_of([mailed], extra=[wall()])),
        "oven": (FundingModel.FLEXIBLE, body_of([tier("Le nom", 3000, limit=10, handover="nothing")])),
        "press": (FundingModel.FLEXIBLE, body_of([tier("Le disque", 2200, handover="pickup", pickup_place="Le moulin",
                                                       pickup_hours="Le samedi", sold_late=True),
                                                  tier("La soirée", 4000, handover="nothing")])),
    }  # fmt: skip
    for slug, (model, body) in make.items():
        page = make_campaign_page(cooperative, title=slug.title(), slug=slug, body=body, funding_model=model)
        with within(cooperative):
            translate(CampaignPage.objects.get(pk=page.pk), title=slug.title())


if __name__ == "__main__":
    main()
