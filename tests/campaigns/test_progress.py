"""Where a campaign stands, as its page says it: amounts, people, time, outcome."""

import re
from datetime import timedelta

import pytest
from django.template import Context, Template
from django.utils import translation

from campaigns.models import Campaign, CampaignState, FundingModel
from home import clock
from home.tenancy import within
from pledges.enums import PledgeState, RefundState
from pledges.models import Payment, Refund
from tests.campaigns.reading import headline, tally
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_backer, make_pledge


def give(campaign, amount, **fields):
    """A confirmed contribution without reward."""
    return make_pledge(campaign, rewards=[], extra=amount, **({"paid": not campaign.is_all_or_nothing} | fields))


def decided(campaign, state, pledged, backers):
    with within(campaign.cooperative):
        Campaign.objects.filter(pk=campaign.pk).update(
            state=state,
            outcome=state,
            deadline=clock.now() - timedelta(days=3),
            pledged_at_deadline=pledged,
            backers_at_deadline=backers,
        )


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        (0, "Goal: $1,000"),
        (999, "$9.99 pledged of $1,000 (less than 1%)"),
        (37_999, "$379.99 pledged of $1,000 (37%)"),
        (99_999, "$999.99 pledged of $1,000 (99%)"),
        (100_000, "Goal reached: $1,000 pledged of $1,000 (100%)"),
        (128_000, "Beyond the goal: $1,280 pledged of $1,000 (128%)"),
    ],
)
@pytest.mark.usefixtures("inside")
def test_progress_of_an_all_or_nothing_campaign(campaign, visit, amount, sentence):
    if amount:
        give(campaign, amount)
    assert headline(visit(campaign)) == sentence


@pytest.mark.parametrize(
    ("amount", "sentence"),
    [
        (999, "$9.99 raised of $1,000 (less than 1%)"),
        (37_000, "$370 raised of $1,000 (37%)"),
        (100_000, "Goal reached: $1,000 raised of $1,000 (100%)"),
        (128_000, "Beyond the goal: $1,280 raised of $1,000 (128%)"),
    ],
)
def test_progress_of_a_flexible_campaign(cooperative, visit, amount, sentence):
    campaign = make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)
    give(campaign, amount)
    assert headline(visit(campaign)) == sentence


@pytest.mark.usefixtures("inside")
def test_only_confirmed_pledges_count_and_a_person_counts_once(campaign, visit):
    twice = make_backer(campaign.cooperative)
    for backer in (twice, twice, make_backer(campaign.cooperative)):
        give(campaign, 10_000, backer=backer)
    for state in set(PledgeState) - {PledgeState.CONFIRMED}:
        give(campaign, 5_000, state=state)
    text = tally(visit(campaign))
    assert "$300 pledged of $1,000 (30%)" in text
    assert "2 people have contributed" in text


def test_what_was_refunded_is_not_counted_as_raised(cooperative, visit):
    campaign = make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)
    give(campaign, 30_000)
    with within(cooperative):
        payment = Payment.objects.get()
        for state, amount in ((RefundState.DONE, 10_000), (RefundState.DUE, 5_000)):
            Refund.objects.create(
                cooperative=cooperative,
                payment=payment,
                state=state,
                amount=amount,
                commission=0,
                currency="CAD",
                reason="delay",
                created_at=clock.now(),
            )
    html = visit(campaign)
    assert headline(html) == "$200 raised of $1,000 (20%)"
    assert "$100 refunded" in tally(html)
    assert re.findall(r'class="bar__(?:fill|back)"(?: x="20.00%")? width="([\d.]+%)"', html) == ["20.00%", "10.00%"]


@pytest.mark.usefixtures("inside")
def test_promised_money_is_hatched_and_the_bar_is_said_in_words(campaign, visit):
    give(campaign, 37_000)
    html = visit(campaign)
    assert '<rect class="bar__fill" width="0.00%" height="100%"/>' in html
    assert '<rect class="bar__back" x="0.00%" width="37.00%" height="100%"/>' in html
    assert 'aria-label="Progress: 37% of the goal"' in html
    assert "style=" not in html


@pytest.mark.usefixtures("inside")
def test_nobody_has_contributed_yet(campaign, visit):
    text = tally(visit(campaign))
    assert "Be the first to contribute." in text
    assert "No one has contributed yet" in text


@pytest.mark.parametrize(
    ("left", "sentence"),
    [
        (timedelta(days=18, hours=5), "18 days left"),
        (timedelta(days=1, hours=5), "1 day left"),
        (timedelta(hours=5, minutes=30), "5 hours left"),
        (timedelta(hours=1, minutes=30), "1 hour left"),
        (timedelta(minutes=30), "Less than an hour left"),
    ],
)
@pytest.mark.usefixtures("inside")
def test_time_left(campaign, visit, left, sentence):
    Campaign.objects.update(deadline=clock.now() + left)
    text = tally(visit(campaign))
    assert sentence in text
    assert "(Eastern Time)" in text


@pytest.mark.usefixtures("inside")
def test_the_deadline_and_the_condition_of_an_all_or_nothing_campaign(campaign, visit):
    deadline = clock.now().replace(year=2031, month=11, day=1, hour=3, minute=59, second=59)
    Campaign.objects.update(deadline=deadline)
    text = tally(visit(campaign))
    assert "until October 31, 2031 at 11:59 p.m. (Eastern Time)" in text
    assert (
        "All or nothing: cards will be charged only if $1,000 is pledged by "
        "October 31, 2031 at 11:59 p.m. (Eastern Time)." in text
    )


def test_the_condition_of_a_flexible_campaign(cooperative, visit):
    campaign = make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE)
    assert "Flexible: every contribution is paid out, whether or not the goal is reached." in tally(visit(campaign))


@pytest.mark.parametrize(
    ("state", "model", "expected"),
    [
        (CampaignState.FUNDED, FundingModel.ALL_OR_NOTHING, ["Funded", "$1,280 pledged at the deadline"]),
        (CampaignState.MISSED, FundingModel.ALL_OR_NOTHING, ["Goal not reached", "No card was charged."]),
        (CampaignState.ENDED, FundingModel.FLEXIBLE, ["$1,280 raised (128%)", "$1,280 pledged at the deadline"]),
    ],
)
def test_an_outcome_is_said_with_its_frozen_total(cooperative, visit, state, model, expected):
    campaign = make_campaign(cooperative, funding_model=model)
    give(campaign, 5_000)
    decided(campaign, state, 128_000, 12)
    html = visit(campaign)
    text = tally(html)
    assert [sentence for sentence in expected if sentence not in text] == []
    assert "12 people have contributed" in text
    assert "Ended " in text
    assert "/contribute/" not in html


def test_both_totals_stand_after_the_deadline(cooperative, visit):
    campaign = make_campaign(cooperative)
    give(campaign, 90_000, paid=True)
    decided(campaign, CampaignState.FUNDED, 120_000, 12)
    html = visit(campaign)
    assert headline(html) == "Beyond the goal: $1,200 pledged of $1,000 (120%)"
    assert "$1,200 pledged at the deadline $900 collected to date" in tally(html)
    assert '<rect class="bar__fill" width="75.00%" height="100%"/>' in html


@pytest.mark.parametrize("state", [CampaignState.LIVE, CampaignState.CLOSING])
@pytest.mark.usefixtures("inside")
def test_after_the_deadline_nothing_is_offered_while_the_last_payments_are_awaited(campaign, visit, state):
    Campaign.objects.update(deadline=clock.now() - timedelta(seconds=1), state=state)
    html = visit(campaign)
    assert "The last payments are being completed" in tally(html)
    assert "/contribute/" not in html
    assert "Choose this reward" not in html
    assert "Availability" not in html


def test_figures_are_escaped_in_no_sentence(cooperative):
    campaign = make_campaign(cooperative)
    with within(cooperative), translation.override("en"):
        template = Template("{% load pledge_tags %}{% progress campaign as p %}{{ p|sentence }}")
        assert template.render(Context({"campaign": campaign})) == "Goal: <b>$1,000</b>"
