"""Two terms of a tier: the part of its amount that is taxable, and whether it is sold after the end."""

from datetime import timedelta

import pytest

from campaigns import lifecycle, queries, term_checks
from campaigns.enums import CampaignState, FundingModel
from campaigns.models import Campaign, CampaignPage, Reward
from home import clock
from tests.campaigns.editing import at_home, fields_of
from tests.campaigns.reading import part, tally, tiers
from tests.campaigns.test_tier_terms import add_ons
from tests.factories.campaigns import body_of, make_campaign, make_campaign_page, tier
from tests.factories.pledges import make_pledge

pytestmark = pytest.mark.usefixtures("inside")

VALUE = "body-2-value-0-value"


@pytest.fixture
def editor(cooperative):
    return at_home(cooperative)


def edit(editor, page, language="en", **changes):
    path = f"/admin/pages/{page.pk}/edit/"
    return editor.post(path, fields_of(page, **changes), headers={"accept-language": language})


def errors_of(response, name):
    (message,) = (
        response.context["form"]["body"].errors.as_data()[0].block_errors[2].block_errors[0].block_errors[name].messages
    )
    return message


def test_publishing_writes_both(cooperative):
    body = [
        *body_of([tier(taxable=1_200, sold_late=True), tier("Le tablier", 2_000)]),
        add_ons(tier("Un mélange", 900, taxable=900, sold_late=True)),
    ]
    page = make_campaign_page(cooperative, body=body)
    assert list(Reward.objects.values_list("taxable", "sold_late")) == [(1_200, True), (0, False), (900, True)]
    assert list(term_checks.differences(page)) == []


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("en", "The taxable part cannot be larger than the amount."),
        ("fr", "La part taxable ne peut pas dépasser le montant."),
    ],
)
def test_the_taxable_part_cannot_exceed_the_amount(cooperative, editor, language, message):
    page = make_campaign_page(cooperative, tiers=[tier()], publish=False)
    response = edit(editor, page, language, **{f"{VALUE}-taxable": "30,01"})
    assert errors_of(response, "taxable") == message
    assert edit(editor, page, **{f"{VALUE}-taxable": "30"}).status_code == 302


def test_it_may_change_until_the_first_pledge(cooperative, editor):
    page = make_campaign_page(cooperative, tiers=[tier(taxable=1_000)])
    publish = {"action-publish": "1"}
    assert edit(editor, page, **publish | {f"{VALUE}-taxable": "20"}).status_code == 302
    assert Reward.objects.get().taxable == 2_000
    make_pledge(Campaign.objects.get(), paid=False)
    page = CampaignPage.objects.get(pk=page.pk)
    response = edit(editor, page, **publish | {f"{VALUE}-taxable": "30"})
    assert errors_of(response, "taxable") == "The taxable part no longer changes: people have chosen this reward."
    assert edit(editor, page, **publish | {f"{VALUE}-sold_late": "on"}).status_code == 302
    assert Reward.objects.values_list("taxable", "sold_late").get() == (2_000, True)


def test_a_tier_that_is_withdrawn_before_the_end_cannot_be_sold_after_it(cooperative, editor):
    page = make_campaign_page(cooperative, tiers=[tier()], publish=False)
    before = f"{page.end_date - timedelta(days=3)}T23:59"
    after = f"{page.end_date + timedelta(days=30)}T23:59"
    window = f"{VALUE}-available_until"
    refused = edit(editor, page, **{window: before, f"{VALUE}-sold_late": "on"})
    assert "ends before the campaign does" in errors_of(refused, "sold_late")
    assert "ends before that" in errors_of(edit(editor, page, **{window: after}), "available_until")
    assert edit(editor, page, **{window: after, f"{VALUE}-sold_late": "on"}).status_code == 302


STATES = {
    CampaignState.FUNDED: True,
    CampaignState.ENDED: True,
    CampaignState.FULFILLING: True,
    CampaignState.MISSED: False,
    CampaignState.CLOSING: False,
    CampaignState.LIVE: False,
    CampaignState.CLOSED: False,
    CampaignState.ANNOUNCED: False,
}


@pytest.mark.parametrize("state", STATES)
def test_late_pledges_are_taken_after_an_end_that_was_not_missed(campaign, state):
    now = clock.now()
    Campaign.objects.update(state=state, deadline=now - timedelta(seconds=1))
    campaign.refresh_from_db()
    assert lifecycle.takes_late_pledges(campaign, now) is STATES[state]
    assert not lifecycle.takes_pledges(campaign, now)


def ended(cooperative, state=CampaignState.FUNDED, **fields):
    offered = [
        tier("Tard", 2_000, sold_late=True, limit=5),
        tier("À temps", 3_000),
        tier("Vendue", 900, sold_late=True),
    ]
    campaign = make_campaign(cooperative, tiers=offered, **fields)
    Campaign.objects.update(
        state=state,
        outcome=state,
        deadline=clock.now() - timedelta(days=1),
        pledged_at_deadline=1,
        backers_at_deadline=1,
    )
    Reward.objects.filter(position=2).update(retired_at=clock.now())
    campaign.refresh_from_db()
    return campaign


@pytest.mark.parametrize("state", [CampaignState.FUNDED, CampaignState.ENDED, CampaignState.FULFILLING])
@pytest.mark.parametrize(
    ("language", "label", "choose", "invite"),
    [
        ("fr", "Offerte encore après la campagne", "Choisir cette contrepartie", "Contribuer après la campagne"),
        ("en", "Still offered after the campaign", "Choose this reward", "Contribute after the campaign"),
    ],
)
def test_the_page_still_offers_those_tiers(cooperative, visit, state, language, label, choose, invite):
    campaign = ended(cooperative, state, funding_model=FundingModel.FLEXIBLE)
    html = visit(campaign, language)
    late, on_time = tiers(html)
    assert label in late and choose in late
    assert label not in on_time and choose not in on_time
    assert invite in tally(html)
    reward = Reward.objects.get(position=0)
    assert f"?reward={reward.pk}" in html
    assert [one.pk for one in queries.late_rewards(campaign, clock.now())] == [reward.pk]
    assert '"makesOffer"' in html and "availabilityEnds" not in html


def test_sold_out_ones_are_not_offered_and_a_missed_goal_offers_none(cooperative, visit):
    campaign = ended(cooperative)
    make_pledge(campaign, rewards=[(Reward.objects.get(position=0), 5)])
    html = visit(campaign)
    assert "Contribute after the campaign" not in html
    assert "Sold out" in tiers(html)[0]
    Campaign.objects.update(state=CampaignState.MISSED, outcome=CampaignState.MISSED)
    html = visit(campaign)
    assert "Still offered after the campaign" not in html
    assert "/contribute/" not in html


def test_while_it_runs_the_page_says_which_stay(cooperative, visit):
    campaign = make_campaign(cooperative, tiers=[tier("Tard", 2_000, sold_late=True), tier("À temps", 3_000)])
    late, on_time = tiers(visit(campaign))[:2]
    assert "Still offered after the campaign" in late
    assert "Still offered after the campaign" not in on_time


def test_a_tiers_own_address_offers_it_too(cooperative, visit, on_host):
    campaign = ended(cooperative)
    reward = Reward.objects.get(position=0)
    html = on_host(cooperative).get(f"/en/campaigns/{campaign.pk}/rewards/{reward.pk}/").content.decode()
    assert "Choose this reward" in part(html, 'class="section section--tint introduced"')
