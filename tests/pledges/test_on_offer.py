"""What a form has read counts for its pledge while nothing of it was published since, and no longer."""

import uuid

import pytest

from campaigns import publishing
from campaigns.models import Campaign, CampaignPage, Reward
from home.models import Backer
from home.tenancy import within
from pledges import on_offer, pledging
from pledges.choosing import PledgeRefused
from pledges.models import Pledge, PledgeItem
from tests.factories.campaigns import make_campaign, tier
from tests.factories.pledges import make_pledge
from tests.factories.requests import pledge_request
from tests.threads import in_threads, scoped
from tests.updates.making import make_update, month, notice_block
from updates.announcing import announce
from updates.enums import MissingLanguage


@pytest.fixture
def offer(campaign, inside):
    return on_offer.read(campaign)


def begin(campaign, offer, *chosen, **fields):
    request = pledge_request(campaign, *chosen, email=f"{uuid.uuid4().hex}@example.com", **fields)
    return pledging.begin(campaign.cooperative, request, offer)


def test_what_was_read_is_not_read_again(campaign, inside, django_assert_num_queries):
    begin(campaign, None, (campaign.rewards.get(limit=None), 1))  # the first of a tier freezes it
    offer = on_offer.read(campaign)
    tiers = [reward for reward in offer.rewards if reward.limit is None]
    with django_assert_num_queries(9):  # the backer; savepoint, campaign, backer, pledge, items, consent, checkout, end
        begin(campaign, offer, (tiers[0], 1))


def test_a_price_published_meanwhile_is_not_the_one_agreed_to(campaign, offer):
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    for child in page.tier_blocks:
        child.value["amount"] = 9900
    page.save_revision().publish()
    with pytest.raises(PledgeRefused) as refused:
        begin(campaign, offer, (offer.rewards[0], 1))
    assert refused.value.code == "price"
    assert Pledge.objects.count() == 0


def test_a_tier_retired_meanwhile_is_refused(campaign, offer):
    page = CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr")
    page.tier_blocks[0].value["retired"] = True
    page.save_revision().publish()
    with pytest.raises(PledgeRefused) as refused:
        begin(campaign, offer, (offer.rewards[0], 1))
    assert refused.value.code == "retired"


def test_a_delay_announced_meanwhile_is_what_a_new_backer_is_promised(campaign, inside):
    flour = Reward.objects.filter(campaign=campaign).first()
    make_pledge(campaign, rewards=[(flour, 1)])
    offer = on_offer.read(campaign)
    announce(make_update(campaign, notice_block([flour])), by=None, missing_language=MissingLanguage.NONE)
    row = begin(campaign, offer, (flour, 1))
    assert [item.first_month for item in row.pledge.items.all()] == [month()]


def test_a_page_taken_off_meanwhile_takes_no_pledge(campaign, offer):
    for page in CampaignPage.objects.filter(translation_key=campaign.translation_key):
        page.unpublish()
    with pytest.raises(PledgeRefused) as refused:
        begin(campaign, offer, extra=2500)
    assert refused.value.code == "hidden"


def test_stock_read_as_sold_out_is_refused_before_anything_is_written(campaign, inside):
    limited = Reward.objects.get(campaign=campaign, limit=10)
    begin(campaign, None, (limited, 10))
    with pytest.raises(PledgeRefused) as refused:
        begin(campaign, on_offer.read(campaign), (limited, 1))
    assert refused.value.code == "sold_out"
    assert (Pledge.objects.count(), Backer.objects.count()) == (1, 1)


def test_stock_that_went_meanwhile_leaves_nothing_written(campaign, offer):
    limited = next(reward for reward in offer.rewards if reward.limit == 10)
    begin(campaign, None, (limited, 10))
    with pytest.raises(PledgeRefused) as refused:
        begin(campaign, offer, (limited, 1))
    assert refused.value.code == "sold_out"
    assert (Pledge.objects.count(), Backer.objects.count(), PledgeItem.objects.count()) == (1, 1, 1)


def test_a_publication_raises_the_version(campaign, inside):
    before = Campaign.objects.get(pk=campaign.pk).terms_version
    publishing.project(CampaignPage.objects.get(translation_key=campaign.translation_key, locale__language_code="fr"))
    assert Campaign.objects.get(pk=campaign.pk).terms_version == before + 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_forms_of_a_new_address_at_once_are_two_pledges_of_one_backer(cooperative):
    """Of two that make the backer, the second waits, is refused by the constraint, and begins anew: nobody sees it."""
    for number in range(4):
        campaign = make_campaign(cooperative, title=f"Tour {number}", tiers=[tier("Le sac", 3000)], bilingual=False)
        requests = [pledge_request(campaign, email=f"nouvelle{number}@example.com") for _tab in range(4)]
        begins = [scoped(cooperative, pledging.begin, cooperative, request) for request in requests]
        assert in_threads(*begins) == []
        with within(cooperative):
            assert Pledge.objects.filter(campaign=campaign).values("backer").distinct().count() == 1
            assert Pledge.objects.filter(campaign=campaign).count() == 4
