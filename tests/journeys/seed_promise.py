"""A campaign of four rewards with all who paid for them but one, and a second cooperative's news; printed as JSON.

`python -m tests.journeys.seed_promise end` ends the campaign.
"""

import json
import sys

import django

django.setup()

from django.utils import translation  # noqa: E402

from campaigns.models import Campaign, CampaignPage, FundingModel  # noqa: E402
from home import backing  # noqa: E402
from home.models import Cooperative  # noqa: E402
from home.tenancy import within  # noqa: E402
from pledges import settlement  # noqa: E402
from tests.factories.campaigns import end_now, make_campaign, make_campaign_page, tier, translate  # noqa: E402
from tests.factories.pledges import make_pledge, make_refund  # noqa: E402
from tests.updates.making import make_update_page, tell, translate_update  # noqa: E402

SLUG = "meule-du-village"
TIERS = [
    tier("Le sac de farine", 3000),
    tier("La boîte du meunier", 6500, estimated_delivery="2027-12"),
    tier("La visite du moulin", 4000, estimated_delivery="2027-06", handover="pickup", pickup_place="Le moulin",
         pickup_hours="Le samedi"),
    tier("Le livre de recettes", 2500, estimated_delivery="2027-11"),
]  # fmt: skip
ENGLISH = ("The bag of flour", "The miller’s box", "The tour of the mill", "The recipe book")

#: Who paid, in which language, for which of the rewards. Rosalie pays for a bag of flour in the story itself.
BACKERS = [
    ("Priya Singh", "en", [1]),
    ("Denis Gagnon", "fr", [0, 1]),
    ("Una Blake", "en", [0]),  # unsubscribed from the news
    ("Bruno Côté", "fr", [1]),  # whose address bounced
    ("Rémi Roy", "fr", [0]),  # whose money went back
    ("Lise Caron", "fr", [2]),
    ("Tom Reid", "en", [3]),
]


def main():
    translation.activate("fr")
    print(json.dumps({"campaign_page": seed_promise(), "news": seed_news()}))


def seed_promise():
    cooperative = Cooperative.objects.get(slug="meule")
    page = make_campaign_page(
        cooperative, title="La meule du village", slug=SLUG, tiers=TIERS, funding_model=FundingModel.FLEXIBLE
    )
    with within(cooperative):
        translate(page, title="The village millstone", tier_titles=ENGLISH)
        campaign = campaign_of(cooperative)
        rewards = list(campaign.rewards.order_by("position"))
        pledges = {name: pledge_of(campaign, name, language, [rewards[n] for n in chosen])
                   for name, language, chosen in BACKERS}  # fmt: skip
        for name in ("Priya Singh", "Una Blake", "Lise Caron"):
            tell(pledges[name].backer, campaign)
        backing.withdraw_news(pledges["Una Blake"].backer, campaign.translation_key)
        backing.suppress(cooperative, pledges["Bruno Côté"].backer.email, backing.BOUNCED)
        make_refund(pledges["Rémi Roy"].payment)
    return page.pk


def pledge_of(campaign, name, language, rewards):
    email = f"{name.split()[0].lower().replace('é', 'e')}@example.com"
    chosen = [(reward, 1) for reward in rewards]
    return make_pledge(campaign, rewards=chosen, backer_name=name, email=email, language=language, fee=120)


def campaign_of(cooperative):
    key = CampaignPage.objects.filter(slug=SLUG).first().translation_key
    return Campaign.objects.select_related("cooperative__site").get(cooperative=cooperative, translation_key=key)


def seed_news():
    """Two updates in both languages, and three who asked for the news: to be sent, or not, in the story."""
    cooperative = Cooperative.objects.get(slug="large")
    campaign = make_campaign(cooperative, title="Le voilier", slug="voilier")
    with within(cooperative):
        for name, language in (("Ana", "fr"), ("Bob", "en"), ("Zoé", "fr")):
            email = f"{name[0].lower()}@large.example"
            pledge = make_pledge(campaign, backer_name=name, email=email, language=language, paid=False)
            tell(pledge.backer, campaign)
    pages = {}
    for french, english in (("Le mât est posé", "The mast is up"), ("La voile est cousue", "The sail is sewn")):
        page = make_update_page(campaign, title=french, summary=f"{french}.")
        with within(cooperative):
            translate_update(page, title=english, summary=f"{english}.")
        pages[french] = page.pk
    return pages


def end():
    cooperative = Cooperative.objects.get(slug="meule")
    with within(cooperative):
        campaign = campaign_of(cooperative)
        end_now(campaign)
    settlement.settle(campaign)


if __name__ == "__main__":
    end() if sys.argv[1:] == ["end"] else main()
