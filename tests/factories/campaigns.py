"""Campaigns, made as an editor makes them: a page in French, its English twin, both published."""

import uuid
from datetime import date, timedelta

from wagtail.models import Locale

from campaigns import lifecycle, publishing
from campaigns.models import Campaign, CampaignPage, FundingModel
from home import clock
from home.tenancy import within
from tests.factories.replaying import replayed


def tier(title="Le sac de farine", amount=3000, **fields):
    """One tier as the StreamField stores it; its id is what the Reward row is known by."""
    value = {
        "title": title,
        "description": "Deux kilos de farine de blé.",
        "amount": amount,
        "limit": None,
        "estimated_delivery": "2027-10",
        "handover": "post",
        "image": None,
        "retired": False,
    }
    return {"type": "item", "id": str(uuid.uuid4()), "value": value | fields}


def two_tiers():
    return [tier(), tier("La boîte du meunier", 6500, limit=10)]


def body_of(tiers, tagline="Onze fermes, un village et une pierre de 900 kg.", *, extra=()):
    """The page's StreamField as JSON."""
    return [
        {
            "type": "title",
            "id": str(uuid.uuid4()),
            "value": {"place": "Saint-Aurèle", "tagline": tagline, "image": None},
        },
        {
            "type": "description",
            "id": str(uuid.uuid4()),
            "value": {"heading": "Un moulin fermé depuis 1974", "text": "<p>Il manque la pierre.</p>"},
        },
        *extra,
        {"type": "reward_tiers", "id": str(uuid.uuid4()), "value": tiers},
    ]


def make_campaign_page(
    cooperative, *, title="Remettre la meule en marche", tiers=None, publish=True, launch=True, **fields
):
    """The French page of a campaign: approved, published and launched unless told otherwise."""
    defaults = {
        "goal": 100_000,
        "funding_model": FundingModel.ALL_OR_NOTHING,
        "end_date": date.today() + timedelta(days=30),
        "body": body_of(two_tiers() if tiers is None else tiers),
        "live": False,
    }
    with within(cooperative):
        page = cooperative.site.root_page.add_child(
            instance=CampaignPage(title=title, locale=Locale.objects.get(language_code="fr"), **defaults | fields)
        )
        if publish:
            lifecycle.approve(publishing.found(page), by=None)
            page.save_revision().publish()
        if publish and launch:
            lifecycle.launch(Campaign.objects.get(translation_key=page.translation_key))
        return CampaignPage.objects.get(pk=page.pk)


def translate(page, *, title="Get the millstone turning", tier_titles=(), publish=True):
    """The English twin of a campaign page: same blocks and ids, English title and tier titles."""
    english = page.copy_for_translation(Locale.objects.get(language_code="en"))
    english.title = title
    for child, name in zip(english.tier_blocks, tier_titles, strict=False):
        child.value["title"] = name
    revision = english.save_revision()
    if publish:
        revision.publish()
    return CampaignPage.objects.get(pk=english.pk)


@replayed
def make_campaign(cooperative, *, bilingual=True, **fields):
    """The terms of a live campaign in both languages."""
    page = make_campaign_page(cooperative, **fields)
    with within(cooperative):
        if bilingual:
            translate(page, tier_titles=("The bag of flour", "The miller's box"))
        return Campaign.objects.select_related("cooperative__site").get(translation_key=page.translation_key)


def end_now(campaign):
    """Let the deadline be a second ago, as if the days had passed."""
    Campaign.objects.filter(pk=campaign.pk).update(deadline=clock.now() - timedelta(seconds=1))
    campaign.refresh_from_db()
