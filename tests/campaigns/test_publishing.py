"""Publishing writes the terms: money from the source page alone, texts from each language's own."""

from zoneinfo import ZoneInfo

import pytest

from campaigns import lifecycle, publishing
from campaigns.models import Campaign, CampaignPage, CampaignState, Reward, RewardStock
from campaigns.queries import freeze
from home import clock
from home.tenancy import within
from tests.factories.campaigns import make_campaign, make_campaign_page, tier, translate


@pytest.fixture
def page(cooperative):
    return make_campaign_page(cooperative)


@pytest.mark.usefixtures("inside")
def test_publishing_the_source_writes_campaign_and_rewards(page, cooperative):
    campaign = Campaign.objects.get()
    assert (campaign.cooperative, campaign.goal, campaign.currency, campaign.state) == (
        cooperative,
        100_000,
        "CAD",
        CampaignState.LIVE,
    )
    assert [(r.title_fr, r.amount, r.limit) for r in campaign.rewards.all()] == [
        ("Le sac de farine", 3000, None),
        ("La boîte du meunier", 6500, 10),
    ]
    local = campaign.deadline.astimezone(ZoneInfo("America/Toronto"))
    assert (local.date(), local.hour, local.minute, local.second) == (page.end_date, 23, 59, 59)


@pytest.mark.usefixtures("inside")
def test_a_draft_writes_nothing(cooperative):
    make_campaign_page(cooperative, publish=False)
    assert list(Campaign.objects.all()) == []


@pytest.mark.usefixtures("inside")
def test_the_translation_writes_texts_only(page):
    english = translate(page, tier_titles=("The bag of flour",))
    for child in english.tier_blocks:
        child.value["amount"] = 1
    english.goal = 5
    english.save_revision().publish()
    campaign = Campaign.objects.get()
    assert (campaign.goal, campaign.title_fr, campaign.title_en) == (
        100_000,
        "Remettre la meule en marche",
        "Get the millstone turning",
    )
    assert [(r.amount, r.title_en) for r in campaign.rewards.all()] == [
        (3000, "The bag of flour"),
        (6500, "La boîte du meunier"),
    ]


@pytest.mark.usefixtures("inside")
def test_a_stale_translation_brings_no_old_price_back(page):
    english = translate(page)
    page.tier_blocks[0].value["amount"] = 3500
    page.save_revision().publish()
    CampaignPage.objects.get(pk=english.pk).save_revision().publish()
    assert [r.amount for r in Reward.objects.all()] == [3500, 6500]


@pytest.mark.usefixtures("inside")
def test_a_removed_tier_is_retired_and_comes_back(page):
    tiers = page.body.raw_data
    kept = [dict(block) for block in tiers]
    page.body = [b if b["type"] != "reward_tiers" else {**b, "value": b["value"][:1]} for b in kept]
    page.save_revision().publish()
    assert [r.retired_at is None for r in Reward.objects.all()] == [True, False]
    page.body = kept
    page.save_revision().publish()
    assert [r.retired_at is None for r in Reward.objects.all()] == [True, True]


@pytest.mark.usefixtures("inside")
def test_what_was_promised_no_longer_changes(page):
    first = Reward.objects.order_by("position").first()
    freeze(first, clock.now())
    for child in page.tier_blocks:
        child.value["amount"] = 9900
        child.value["estimated_delivery"] = child.value["estimated_delivery"].replace(year=2028)
    page.save_revision().publish()
    assert [(r.amount, r.estimated_delivery.year) for r in Reward.objects.all()] == [(3000, 2027), (9900, 2028)]


@pytest.mark.usefixtures("inside")
def test_goal_and_deadline_no_longer_change_once_live(page):
    deadline = Campaign.objects.get().deadline
    page.goal, page.end_date = 1, page.end_date.replace(year=page.end_date.year + 1)
    page.save_revision().publish()
    assert (Campaign.objects.get().goal, Campaign.objects.get().deadline) == (100_000, deadline)


@pytest.mark.usefixtures("inside")
def test_a_limit_is_not_lowered_under_what_is_taken(page):
    RewardStock.objects.update(held=2, promised=3)
    page.tier_blocks[1].value["limit"] = 4
    page.save_revision().publish()
    assert [r.limit for r in Reward.objects.all()] == [None, 10]
    page.tier_blocks[1].value["limit"] = 5
    page.save_revision().publish()
    assert [r.limit for r in Reward.objects.all()] == [None, 5]


def test_a_copied_page_is_a_draft_that_gets_terms_of_its_own_once_approved(page, cooperative):
    with within(cooperative):
        copy = CampaignPage.objects.get(
            pk=page.copy(update_attrs={"slug": "copie", "title": "Copie"}, keep_live=False).pk
        )
        assert (copy.live, Campaign.objects.count(), Reward.objects.count()) == (False, 1, 2)
        lifecycle.approve(publishing.found(copy), by=None)
        copy.save_revision().publish()
        assert Campaign.objects.count() == 2
        assert Reward.objects.count() == 4


def test_a_campaign_belongs_to_the_cooperative_of_its_tree(cooperative, outsider):
    ours, theirs = make_campaign(cooperative), make_campaign(outsider, tiers=[tier()])
    with within(cooperative):
        assert list(Campaign.objects.all()) == [ours]
    with within(outsider):
        assert list(Campaign.objects.all()) == [theirs]


@pytest.mark.usefixtures("inside")
def test_a_limit_is_not_added_once_people_have_chosen(page):
    """The stock of those who chose before would not have been counted."""
    freeze(Reward.objects.get(limit=None), clock.now())
    page.tier_blocks[0].value["limit"] = 5
    page.save_revision().publish()
    assert [r.limit for r in Reward.objects.all()] == [None, 10]
    assert RewardStock.objects.count() == 1


@pytest.mark.usefixtures("inside")
def test_a_limit_is_added_before_the_first_pledge(page):
    page.tier_blocks[0].value["limit"] = 5
    page.save_revision().publish()
    assert [(r.limit, r.stock.limit) for r in Reward.objects.all()] == [(5, 5), (10, 10)]
