"""Day by day, in the cooperative's calendar, and no cent more or less than the bar; the usual rhythm beside it."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.enums import FundingModel, GoalUnit
from campaigns.models import Campaign
from home.models import Role
from pledges.enums import PaymentState, PledgeState
from pledges.models import Payment, Pledge
from pledges.pace import paces_of, usual_shares
from pledges.totals import progress_of
from tests.factories.campaigns import make_campaign
from tests.factories.pledges import make_pledge, make_refund, payment_of
from tests.factories.reviews import member

pytestmark = pytest.mark.usefixtures("inside")

ZONE = "America/Toronto"
#: Half past eleven in the evening of May 1 where the cooperative is; the clocks there stand four hours back.
LAUNCH = datetime(2031, 5, 2, 3, 30, tzinfo=UTC)
DEADLINE = datetime(2031, 6, 1, 3, 59, 59, tzinfo=UTC)


def place(campaign, **fields):
    Campaign.objects.filter(pk=campaign.pk).update(launched_at=LAUNCH, deadline=DEADLINE, **fields)
    campaign.refresh_from_db()
    return campaign


def came(pledge, at):
    Pledge.objects.filter(pk=pledge.pk).update(confirmed_at=at)
    Payment.objects.filter(pledge=pledge, paid_at__isnull=False).update(paid_at=at)
    return pledge


def gift(campaign, amount, at, **fields):
    return came(make_pledge(campaign, rewards=[], extra=amount, **fields), at)


def lived(campaign, today=date(2031, 5, 31)):
    campaign.refresh_from_db()
    return {day.on.day: day.amount for day in paces_of([campaign], ZONE, today)[campaign.pk].days if day.amount}


def test_days_are_those_of_the_cooperative(campaign):
    place(campaign)
    gift(campaign, 1000, LAUNCH)
    gift(campaign, 500, LAUNCH + timedelta(minutes=29))
    gift(campaign, 250, LAUNCH + timedelta(minutes=30))
    gift(campaign, 125, DEADLINE + timedelta(minutes=5))  # its payment ended after the last day
    pace = paces_of([campaign], ZONE, date(2031, 5, 2))[campaign.pk]
    assert (pace.days[0].on, pace.days[-1].on, len(pace.days)) == (date(2031, 5, 1), date(2031, 5, 31), 31)
    assert [day.amount for day in pace.days[:3]] == [1500, 250, None]
    assert lived(campaign) == {1: 1500, 2: 250, 31: 125}
    further_west = paces_of([campaign], "America/Vancouver", date(2031, 5, 31))[campaign.pk]
    assert [day.amount for day in further_west.days[:2]] == [1750, 0]


def test_an_all_or_nothing_campaign_counts_what_is_promised_and_none_that_ended_before_the_end(campaign):
    place(campaign)
    gift(campaign, 1000, LAUNCH, paid=False)
    gift(campaign, 700, LAUNCH, state=PledgeState.CANCELLED)
    gift(campaign, 600, LAUNCH, state=PledgeState.PENDING)
    late = gift(campaign, 500, LAUNCH)
    Pledge.objects.filter(pk=late.pk).update(is_late=True)
    assert sum(lived(campaign).values()) == progress_of(campaign).amount == 1000
    dropped = gift(campaign, 300, LAUNCH, state=PledgeState.DROPPED)
    Pledge.objects.filter(pk=dropped.pk).update(ended_at=DEADLINE + timedelta(days=8))
    place(campaign, state="funded", outcome="funded", decided_at=DEADLINE, pledged_at_deadline=1300)
    assert sum(lived(campaign).values()) == progress_of(campaign).amount == 1300


def test_a_flexible_one_counts_money_that_came_gross_of_what_went_back(cooperative):
    campaign = place(make_campaign(cooperative, funding_model=FundingModel.FLEXIBLE))
    paid = gift(campaign, 1000, LAUNCH)
    gift(campaign, 400, LAUNCH, payment_state=PaymentState.MEND)
    make_refund(payment_of(paid), amount=250)
    progress = progress_of(campaign)
    assert sum(lived(campaign).values()) == progress.amount + progress.refunded == 1000


def test_a_presale_counts_rewards(cooperative):
    campaign = place(make_campaign(cooperative, goal_unit=GoalUnit.UNITS, goal=200))
    flour = campaign.rewards.order_by("position").first()
    came(make_pledge(campaign, rewards=[(flour, 3)], extra=500), LAUNCH)
    came(make_pledge(campaign, rewards=[(flour, 2)]), LAUNCH + timedelta(days=2))
    assert lived(campaign) == {1: 3, 3: 2}


@pytest.mark.parametrize("length", [1, 2, 7, 30, 61])
def test_the_usual_rhythm_is_a_u_that_adds_up_to_the_goal(campaign, length):
    shares = usual_shares(length)
    assert sum(shares) == pytest.approx(1)
    if length >= 7:
        lowest = shares.index(min(shares))
        assert all(one > after for one, after in pairwise(shares[: lowest + 1]))
        assert all(one < after for one, after in pairwise(shares[lowest:]))
        assert shares[0] > shares[-1] > shares[lowest] * 2
    if length == 30:
        assert (round(sum(shares[:5]), 2), round(sum(shares[-5:]), 2)) == (0.33, 0.25)
        place(campaign)
        usual = [day.usual for day in paces_of([campaign], ZONE, date(2031, 5, 1))[campaign.pk].days]
        assert sum(usual) == pytest.approx(campaign.goal, abs=100 * len(usual))


def test_one_query_however_many(cooperative, campaign):
    place(campaign)
    gift(campaign, 1000, LAUNCH)
    others = [campaign]
    for model in (FundingModel.FLEXIBLE, FundingModel.ALL_OR_NOTHING):
        others.append(place(make_campaign(cooperative, title=f"Autre {model}", funding_model=model)))
        gift(others[-1], 1000, LAUNCH)
    for some in (others[:1], others):
        with CaptureQueriesContext(connection) as captured:
            assert len(paces_of(some, ZONE, date(2031, 6, 1))) == len(some)
        assert len(captured) == 1


@pytest.mark.postgres
def test_days_on_postgresql(campaign):
    test_days_are_those_of_the_cooperative(campaign)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", ("Rythme habituel", "Ce n’est pas une prévision.", '<th scope="row">1er mai 2031</th><td>10\xa0$</td>')),
        ("en", ("Usual rhythm", "It is not a forecast.", '<th scope="row">May 1, 2031</th><td>$10</td>')),
    ],
)
def test_the_first_page_draws_it_and_says_it_in_a_table(cooperative, campaign, language, words):
    gift(place(campaign), 1000, LAUNCH)
    client = Client(HTTP_HOST=cooperative.site.hostname, HTTP_ACCEPT_LANGUAGE=language)
    with time_machine.travel(LAUNCH + timedelta(days=3), tick=False):
        client.force_login(member(cooperative, Role.TREASURER))
        html = client.get(reverse("wagtailadmin_home")).content.decode()
    figure = html.split('<figure class="pace">')[1].split("</figure>")[0]
    for said in words:
        assert said in figure
    assert figure.count('class="pace__bar"') == 1
    assert len(re.search(r'points="([^"]*)"', figure)[1].split()) == figure.count('<th scope="row">') == 31
    assert not re.search(r"\sstyle=|<script|\son[a-z]+=", figure)
