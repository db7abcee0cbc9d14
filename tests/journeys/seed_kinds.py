"""Campaigns of every kind in both languages, on the cooperative that is seeded; their fields printed as JSON."""

import json

import django

django.setup()

from django.utils import translation  # noqa: E402

from campaigns.enums import GoalUnit  # noqa: E402
from campaigns.models import Campaign, CampaignPage, FundingModel, Reward  # noqa: E402
from home.models import Cooperative  # noqa: E402
from home.tenancy import within  # noqa: E402
from pledges.tier_choices import quantity_name  # noqa: E402
from tests.campaigns.composing import wall  # noqa: E402
from tests.campaigns.test_tier_terms import add_ons, item  # noqa: E402
from tests.factories.campaigns import body_of, make_campaign_page, tier, translate  # noqa: E402


def zones(**prices):
    return [item({"zone": zone, "price": price}) for zone, price in prices.items()]


def mill():
    shirt = tier("Le chandail", 4000, limit=20, postage=zones(quebec=800, canada=1500),
                 variants=[item("Petit"), item("Grand")])  # fmt: skip
    day = tier("Une journée", 6500, handover="pickup", pickup_place="Le moulin", pickup_hours="Le samedi")
    book = tier("Le carnet", 2000, postage=zones(quebec=300, canada=500))
    return [*body_of([shirt, book, day], extra=[wall()]), add_ons(tier("Le sac", 1200, postage=zones(quebec=0)))]


def main():
    translation.activate("fr")
    cooperative = Cooperative.objects.get(slug="meule")
    make = {
        "mill": (mill(), FundingModel.ALL_OR_NOTHING, {"suggested_amounts": [2500, 5000]}),
        "oven": (body_of([tier("Le nom", 3000, handover="nothing")]), FundingModel.FLEXIBLE, {}),
        "press": (
            body_of([tier("Le disque", 2200, limit=40, handover="nothing")]),
            FundingModel.ALL_OR_NOTHING,
            {"goal_unit": GoalUnit.UNITS, "goal": 300},
        ),
    }
    seeded = {}
    for slug, (body, model, terms) in make.items():
        page = make_campaign_page(cooperative, title=slug.title(), slug=slug, body=body, funding_model=model)
        with within(cooperative):
            translate(CampaignPage.objects.get(pk=page.pk), title=slug.title())
            Campaign.objects.filter(translation_key=page.translation_key).update(**terms)
            for reward in Reward.objects.filter(campaign__translation_key=page.translation_key):
                variants = list(reward.variants.all())
                seeded[reward.title_fr] = [quantity_name(reward, one) for one in variants] or [quantity_name(reward)]
    print(json.dumps(seeded))


if __name__ == "__main__":
    main()
